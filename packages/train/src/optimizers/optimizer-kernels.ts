import type { KernelNeeds } from '@openset/core';

/** Names of kernels that a backend may register for the whole update of one variable. */
export const sgdKernel = 'SgdStep';
export const adamwKernel = 'AdamWStep';

/** Kernels that make the optimizers of this package faster, for `describeBackend`. */
export const optimizerKernels: KernelNeeds = {
  part: 'optimizers',
  required: [],
  accelerating: [adamwKernel, sgdKernel],
};
