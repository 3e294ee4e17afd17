export { SphereFace2Loss, type SphereFace2LossOptions, sphereFace2Descriptor } from './sphereface2-loss.ts';
