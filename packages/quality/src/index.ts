export { AdaFaceLoss, type AdaFaceLossOptions, adaFaceDescriptor } from './adaface-loss.ts';
export { MagFaceLoss, type MagFaceLossOptions, magFaceDescriptor } from './magface-loss.ts';
