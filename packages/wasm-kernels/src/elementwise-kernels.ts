import type { KernelFunc } from '@tensorflow/tfjs-core';
import { adamWStep } from './adamw-step.ts';
import { batchNormTraining } from './batch-norm-training.ts';
import { batchNormTrainingGrad } from './batch-norm-training-grad.ts';
import { concat } from './concat.ts';
import { fusedBatchNorm } from './fused-batch-norm.ts';
import { gatherV2 } from './gather.ts';
import { toKernelFunc } from './kernel-scope.ts';
import { l2Normalize, l2NormalizeGrad } from './l2-normalize.ts';
import { leakyRelu } from './leaky-relu.ts';
import { avgPool3DGrad, avgPoolGrad, maxPool3DGrad, maxPoolGrad } from './pool-gradients.ts';
import { prelu } from './prelu.ts';
import { preluGrad } from './prelu-grad.ts';
import { sgdStep } from './sgd-step.ts';
import { slice, splitV } from './slice.ts';
import { mean, sum } from './sum.ts';
import { tile } from './tile.ts';
import { transpose } from './transpose.ts';

/** Kernels other than matrix products and convolutions, by name. */
export const elementwiseKernels: Readonly<Record<string, KernelFunc>> = {
  AdamWStep: toKernelFunc(adamWStep),
  AvgPool3DGrad: toKernelFunc(avgPool3DGrad),
  AvgPoolGrad: toKernelFunc(avgPoolGrad),
  BatchNormTraining: toKernelFunc(batchNormTraining),
  BatchNormTrainingGrad: toKernelFunc(batchNormTrainingGrad),
  Concat: toKernelFunc(concat),
  FusedBatchNorm: toKernelFunc(fusedBatchNorm),
  GatherV2: toKernelFunc(gatherV2),
  L2Normalize: toKernelFunc(l2Normalize),
  L2NormalizeGrad: toKernelFunc(l2NormalizeGrad),
  LeakyRelu: toKernelFunc(leakyRelu),
  MaxPool3DGrad: toKernelFunc(maxPool3DGrad),
  MaxPoolGrad: toKernelFunc(maxPoolGrad),
  Mean: toKernelFunc(mean),
  Prelu: toKernelFunc(prelu),
  PreluGrad: toKernelFunc(preluGrad),
  SgdStep: toKernelFunc(sgdStep),
  Slice: toKernelFunc(slice),
  SplitV: toKernelFunc(splitV),
  Sum: toKernelFunc(sum),
  Tile: toKernelFunc(tile),
  Transpose: toKernelFunc(transpose),
};
