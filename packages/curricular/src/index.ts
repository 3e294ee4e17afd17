export {
  CurricularFaceLoss,
  type CurricularFaceLossOptions,
  curricularFaceDescriptor,
} from './curricularface-loss.ts';
export { MvSoftmaxLoss, type MvSoftmaxLossOptions, mvSoftmaxDescriptor } from './mv-softmax-loss.ts';
