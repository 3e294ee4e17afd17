export { cropFace } from './crop-face.ts';
export type { Face, FaceQuality } from './face.ts';
export {
  createFaceDetector,
  type DetectOptions,
  type FaceDetector,
  type FaceDetectorOptions,
} from './face-detector.ts';
export type { FaceNeed } from './search-levels.ts';
export { type FaceSelection, selectFaces } from './select-faces.ts';
