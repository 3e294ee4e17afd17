import type { KernelNeeds } from '@openset/core';
import { batchNormKernels } from './ops/batch-norm-operands.ts';
import { preluGradientKernel } from './ops/prelu.ts';

/** Kernels that training the networks of this package needs, for `describeBackend`; the losses need others. */
export const networkKernels: KernelNeeds = {
  part: 'networks',
  required: [
    'AvgPool',
    'AvgPoolGrad',
    'Conv2D',
    'Conv2DBackpropFilter',
    'Conv2DBackpropInput',
    'DepthwiseConv2dNative',
    'DepthwiseConv2dNativeBackpropFilter',
    'DepthwiseConv2dNativeBackpropInput',
    'FusedBatchNorm',
    'MaxPool',
    'MaxPoolGrad',
    'Prelu',
    'UnsortedSegmentSum',
    '_FusedMatMul',
  ],
  accelerating: [batchNormKernels.forward, batchNormKernels.gradient, preluGradientKernel],
};
