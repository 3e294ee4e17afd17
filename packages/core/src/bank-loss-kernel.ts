import * as tf from '@tensorflow/tfjs-core';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';

/**
 * Name under which a backend may register a faster kernel for `cosineBankLoss` with tfjs's `registerKernel`.
 *
 * Inputs: `embeddings`, `labels`, `bank` and, if given, the others of `BankInputs`: `bias`, `classes`, `angleMargins`,
 * `cosineMargins`, `outsideNegatives`, `rowWeights`, `hardFactor`, `mixtureRows` and `mixtureShares`. Attributes:
 * `ResolvedBankOptions` and `gradients: boolean`. A kernel reads the name of the criterion, and the kinds and numbers of margins and
 * maps; their functions are for the version on tfjs operations.
 *
 * Outputs: the loss (a scalar); the losses of the rows `[batch]`, times `weight` but not their own weights, 0 for skipped rows;
 * and, if `gradients`, the gradients of `embeddings`, of `bank` (if `bankGradient`), and of those given among `bias`,
 * `angleMargins`, `cosineMargins` and `outsideNegatives`, in this order. They are gradients of the loss, or with
 * `reduction: 'none'` of the sum of the rows times their weights.
 */
export const cosineBankLossKernel = 'CosineBankLoss';

/**
 * Name of a kernel that updates the bank with its gradient, which is never stored. A backend that registers it supports the attribute
 * `bankUpdate` of `CosineBankLoss`, which adds an output instead of the gradient of the bank:
 *
 * - `'later'`: a workspace, the input of this kernel.
 * - An `UpdateRule` with `gradientFactor`: the sum of squares of the gradient, a scalar. The kernel has updated `bank`, and the
 *   optimizer's slots `firstSlot` and `secondSlot`, in place. If embeddings, bank or bias are not finite, nothing changes and the
 *   loss is NaN.
 *
 * Inputs of this kernel: `workspace`, `bank`, `firstSlot`, `secondSlot`, and those of `bias`, `hardFactor`, `mixtureRows` and
 * `mixtureShares` that the loss had, unchanged. Attributes: `ResolvedBankOptions`, `batch`, and `rule`, an `UpdateRule` with
 * `gradientFactor`. Output: the sum of squares of the gradient. Changes `bank` and slots in place.
 */
export const cosineBankUpdateKernel = 'CosineBankUpdate';

/**
 * What a kernel package registers under {@link cosineBankLossKernel}. The entry also declares how the backend computes
 * and stores with the kernels of that package. It ends with the registration.
 */
export interface BankLossKernelConfig extends tf.KernelConfig {
  /** Whether the kernel supports these inputs and options; if not, the generic version runs. Default: all. */
  readonly supports?: (inputs: BankInputs, options: ResolvedBankOptions) => boolean;
  /**
   * Whether the kernel takes `classes` as an input and returns gradients of the whole bank and bias. Default: no. Then
   * it gets only the rows of these classes, and its gradients are scattered to their places.
   */
  readonly takesClasses?: boolean;
  /**
   * Whether the kernel computes the part of one shard of a bank (`BankInputs.shard`): labels of −1, the inputs `ownRows` and `totals`, and the
   * attribute `returnsSums`, with which it returns `Criterion.sums` and, if it likes, a workspace. That is then the input `workspace` of the
   * same operation with totals and gradients, so that it computes nothing twice. Default: no. Then tfjs operations do.
   */
  readonly takesShards?: boolean;
  /**
   * Whether an update of the bank together with the loss takes less time than one after it, if the backend has `CosineBankUpdate`.
   * Default: no.
   */
  readonly prefersUpdateWithLoss?: (inputs: BankInputs, options: ResolvedBankOptions) => boolean;
  /** How the backend computes, for `describeBackend`. */
  readonly describe?: () => BackendEngine;
  /**
   * Whether every kernel of the backend reads its operands from their tensors at each call, and keeps no copy of them.
   * Then rows of a variable are written in place. Default: no.
   */
  readonly keepsNoCopies?: boolean;
}

/** How a backend computes; null for what it does not say. */
export interface BackendEngine {
  /** Number of threads; null if the backend does not tell. */
  readonly threads: number | null;
  /** Whether one instruction processes several numbers. */
  readonly simd: boolean | null;
  /** Whether products and sums are fused, in WebAssembly. */
  readonly relaxedSimd: boolean | null;
}

/** Returns the `CosineBankLoss` kernel of the active backend, if it has one. */
export function findBankLossKernel(): BankLossKernelConfig | undefined {
  return tf.getKernel(cosineBankLossKernel, tf.getBackend()) as BankLossKernelConfig | undefined;
}
