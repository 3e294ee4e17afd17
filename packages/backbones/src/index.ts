export {
  asBackbone,
  type BackboneSource,
  type EmbeddingFunction,
  type GraphModelLike,
} from './as-backbone.ts';
export type { AsBackboneOptions } from './as-backbone-options.ts';
export type { NetworkOptions } from './backbone-options.ts';
export { checkImages } from './check-images.ts';
export { type CifarDenseNetOptions, cifarDenseNet } from './cifar-densenet.ts';
export { type CifarResNetOptions, cifarResNet } from './cifar-resnet.ts';
export { backboneKinds, createBackbone } from './create-backbone.ts';
export { flipSum } from './flip-sum.ts';
export { countStages, type FrozenStages, freezeStages } from './freeze-stages.ts';
export { type LinearHeadOptions, linearHead } from './linear-head.ts';
export { type LResNetIROptions, lresnetIR } from './lresnet-ir.ts';
export { type MobileFaceNetOptions, mobileFaceNet } from './mobile-facenet.ts';
export { NetworkBackbone } from './network-backbone.ts';
export { networkKernels } from './network-kernels.ts';
export { batchNormKernels } from './ops/batch-norm-operands.ts';
export { preluGradientKernel } from './ops/prelu.ts';
export {
  type LoadPyTorchOptions,
  loadPyTorchState,
  type PyTorchTensors,
  toPyTorchState,
} from './pytorch-state.ts';
export { type SmallCnnOptions, smallCnn } from './small-cnn.ts';
export { type NamedVariable, restore, snapshot } from './variable-state.ts';
