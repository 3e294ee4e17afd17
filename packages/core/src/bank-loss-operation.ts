import * as tf from '@tensorflow/tfjs-core';
import { cosineBankLossKernel, findBankLossKernel } from './bank-loss-kernel.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { shardOperations } from './class-shard.ts';
import { hasSynchronousReads, shareStorage } from './storage.ts';
import { streamedBankLoss } from './streamed-bank-loss.ts';
import { operation } from './tape.ts';

/** Returns the outputs of the `CosineBankLoss` kernel; see `cosineBankLossKernel`. */
export type ComputeBankLoss = (
  inputs: BankInputs,
  options: ResolvedBankOptions,
  gradients: boolean,
) => tf.Tensor[];

/**
 * Returns the mean loss of a batch over a memory, a bank without a gradient, and the loss of each row. For losses that have checked
 * their batch: unlike `cosineBankLossWithRows` it checks nothing.
 * @param options with `bankGradient: false`
 * @returns see `cosineBankLossWithRows`
 */
export function memoryBankLoss(
  inputs: Pick<BankInputs, 'embeddings' | 'labels' | 'bank' | 'bias'>,
  options: ResolvedBankOptions,
): { loss: tf.Scalar; rowLosses: tf.Tensor1D } {
  const shards = shardOperations(inputs.bank);
  if (shards) return shards.bankLoss(inputs, options);
  const kept: KeptRows = {};
  const loss = meanBankLoss(inputs, options, computeBankLoss, kept);
  return { loss, rowLosses: kept.rowLosses as tf.Tensor1D };
}

/** Where an operation leaves the losses of its rows, which the caller then owns. */
export interface KeptRows {
  rowLosses?: tf.Tensor1D;
}

/** Returns the mean loss as a differentiable operation. Its gradients come out of the same pass if it runs on a tape. */
export function meanBankLoss(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  compute: ComputeBankLoss,
  keep: KeptRows | null,
): tf.Scalar {
  const gradients = tf.engine().state.gradientDepth > 0;
  return operation(
    differentiableInputs(inputs, options),
    () => {
      const [loss, rowLosses, ...partials] = compute(inputs, options, gradients);
      if (keep) keep.rowLosses = tf.keep(rowLosses as tf.Tensor1D);
      return { value: loss as tf.Scalar, saved: partials };
    },
    (dy, partials) => timesUpstream(partials, dy),
  );
}

/** Returns gradients times the upstream one. That is 1 if the loss itself is minimised: then no second copy of them is needed. */
export function timesUpstream(partials: readonly tf.Tensor[], dy: tf.Tensor): tf.Tensor[] {
  if (hasSynchronousReads() && dy.dataSync()[0] === 1) return partials.map(shareStorage);
  return partials.map((partial) => tf.mul(partial, dy));
}

/** Returns the inputs that get a gradient. A bank without one is not recorded on the tape; the closure captures it. */
export function differentiableInputs(
  { embeddings, bank, bias, rowMargins, outsideNegatives }: BankInputs,
  { bankGradient }: ResolvedBankOptions,
): tf.Tensor[] {
  const inputs = [
    embeddings,
    bankGradient && bank,
    bias,
    rowMargins?.angle,
    rowMargins?.cosine,
    outsideNegatives,
  ];
  return inputs.filter((input): input is tf.Tensor2D => Boolean(input));
}

/** Computes the loss by the kernel of the backend, if it has one for these inputs, else with tfjs operations. */
export const computeBankLoss: ComputeBankLoss = (inputs, options, gradients) => {
  if (!kernelSupports(inputs, options)) return streamedBankLoss(inputs, options, gradients);
  return runBankLossKernel(kernelInputs(inputs), { ...options, gradients });
};

/** Returns whether the active backend has a `CosineBankLoss` kernel for these inputs and options. */
export function kernelSupports(inputs: BankInputs, options: ResolvedBankOptions): boolean {
  const kernel = findBankLossKernel();
  if (!kernel || (inputs.shard && !kernel.takesShards)) return false;
  return kernel.supports?.(inputs, options) !== false;
}

/** Runs the `CosineBankLoss` kernel. */
export function runBankLossKernel(inputs: tf.NamedTensorMap, attributes: object): tf.Tensor[] {
  const outputs = tf.engine().runKernel(cosineBankLossKernel, inputs, attributes as tf.NamedAttrMap);
  return (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[];
}

/** Returns the inputs of the kernel by name; see `cosineBankLossKernel`. */
export function kernelInputs({ rowMargins, mixture, shard, ...inputs }: BankInputs): tf.NamedTensorMap {
  const named = {
    ...inputs,
    angleMargins: rowMargins?.angle,
    cosineMargins: rowMargins?.cosine,
    mixtureRows: mixture?.rows,
    mixtureShares: mixture?.shares,
    ownRows: shard?.ownRows,
    totals: shard?.totals,
    workspace: shard?.workspace,
  };
  return Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, tf.Tensor2D] => Boolean(entry[1])),
  );
}
