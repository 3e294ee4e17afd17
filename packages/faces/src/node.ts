export { openFaceDetector } from './open-face-detector.ts';
