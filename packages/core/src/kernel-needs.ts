import { cosineBankLossKernel } from './bank-loss-kernel.ts';
import { l2NormalizeKernel } from './normalize-rows.ts';

/** Names of the tfjs kernels that one kind of code runs; plain data, exported by the package of that code. */
export interface KernelNeeds {
  /** What runs them: `'losses'`, `'networks'`, `'optimizers'`. */
  readonly part: string;
  /** Kernels without which it fails. */
  readonly required: readonly string[];
  /** Kernels that each replace several operations; without them the operations run. */
  readonly accelerating: readonly string[];
}

/** Kernels of the losses, forward and backward. */
export const lossKernels: KernelNeeds = {
  part: 'losses',
  required: [
    'BatchMatMul',
    'Exp',
    'GatherV2',
    'Log',
    'Max',
    'ScatterNd',
    'Select',
    'Sigmoid',
    'Softplus',
    'Sum',
    'TensorScatterUpdate',
    'Transpose',
  ],
  accelerating: [cosineBankLossKernel, l2NormalizeKernel, 'L2NormalizeGrad'],
};
