import * as tf from '@tensorflow/tfjs-core';
import { differentiableInputs, type KeptRows, kernelInputs, meanBankLoss } from './bank-loss-operation.ts';
import { bankLossWithUpdate, canDeferBank } from './bank-loss-with-update.ts';
import type { BankInputs, BankOptions, ResolvedBankOptions } from './bank-options.ts';
import type { PendingUpdates } from './bank-update.ts';
import { checkBankInputs } from './check-inputs.ts';
import { shardOperations } from './class-shard.ts';
import { computeSubsetLoss } from './class-subset.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { operation } from './tape.ts';

/**
 * Returns the computation behind every loss of this project:
 * `criterion(scale · map(margin(similarity(embeddings, bank))) − bias, labels)`, averaged over the rows.
 *
 * It streams over blocks of classes with closed-form gradients and never materialises a `batch × numClasses` matrix. BCE
 * takes one pass (three matrix products, two for a bank without a gradient), softmax one more for its log-sum-exp. Memory
 * beyond inputs and gradients: `O(batch · blockSize)`.
 *
 * Differentiable in `embeddings`, `bank` (unless `bankGradient: false`), `bias`, `rowMargins` and `outsideNegatives`. Works with
 * plain `@tensorflow/tfjs-core`, which registers no gradients. Runs the kernel `CosineBankLoss` of the backend if registered.
 *
 * @returns scalar: the mean over the rows of the sum over the classes; with `reduction: 'none'`, `[batch]`: the loss of each
 *   row, times its weight. Its gradient takes another evaluation, once the upstream gradient is known.
 * @throws ShapeError, ConfigError before any computation; the losses check values
 */
export function cosineBankLoss<Options extends BankOptions>(
  inputs: BankInputs,
  options: Options,
): Options extends { readonly reduction: 'none' } ? tf.Tensor1D : tf.Scalar;
export function cosineBankLoss(inputs: BankInputs, options: BankOptions): tf.Scalar | tf.Tensor1D {
  const resolved = resolveBankOptions(options);
  const shards = shardOperations(inputs.bank);
  if (shards) return shards.bankLossAlone(inputs, resolved);
  checkBankInputs(inputs, resolved);
  return resolved.reduction === 'none'
    ? lossOfRows(inputs, resolved)
    : meanBankLoss(inputs, resolved, computeSubsetLoss, null);
}

/**
 * Returns `cosineBankLoss`, and with it the loss of each row, computed in the same pass.
 * @param options `reduction` is ignored
 * @param updates takes the update of `inputs.bank`, a variable, in place of its gradient, if it accepts the variable and
 *   `canDeferBank` holds
 * @returns `loss`: the mean; `rowLosses`: `[batch]`, not on the tape, 0 for a skipped row; kept until the caller disposes of it
 * @throws ShapeError, ConfigError before any computation
 */
export function cosineBankLossWithRows(
  inputs: BankInputs,
  options: BankOptions,
  updates?: PendingUpdates,
): { loss: tf.Scalar; rowLosses: tf.Tensor1D } {
  const given = resolveBankOptions(options);
  // Resolved options pass unchanged, so that a step checks nothing again.
  const resolved = given.reduction === 'mean' ? given : resolveBankOptions({ ...given, reduction: 'mean' });
  const shards = shardOperations(inputs.bank);
  if (shards) return shards.bankLoss(inputs, resolved, updates);
  checkBankInputs(inputs, resolved);
  const kept: KeptRows = {};
  const loss =
    updates && canDeferBank(inputs, resolved) && updates.accepts(inputs.bank as tf.Variable)
      ? bankLossWithUpdate(inputs, resolved, kept, updates)
      : meanBankLoss(inputs, resolved, computeSubsetLoss, kept);
  return { loss, rowLosses: kept.rowLosses as tf.Tensor1D };
}

function lossOfRows(inputs: BankInputs, options: ResolvedBankOptions): tf.Tensor1D {
  const { rowWeights } = inputs;
  const named = kernelInputs(inputs);
  return operation(
    differentiableInputs(inputs, options),
    () => {
      const rowLosses = computeSubsetLoss(inputs, options, false)[1] as tf.Tensor1D;
      const value: tf.Tensor1D = rowWeights ? tf.mul(rowLosses, rowWeights) : rowLosses;
      return { value, saved: Object.values(named) };
    },
    (dy, saved) => {
      const kept = namedInputs(
        Object.fromEntries(Object.keys(named).map((name, index) => [name, saved[index]!])),
      );
      const weights: tf.Tensor1D = kept.rowWeights ? tf.mul(dy, kept.rowWeights) : dy;
      return computeSubsetLoss({ ...kept, rowWeights: weights }, options, true).slice(2);
    },
  );
}

/** Undoes `kernelInputs`. */
function namedInputs({
  angleMargins,
  cosineMargins,
  mixtureRows,
  mixtureShares,
  ...named
}: tf.NamedTensorMap) {
  return {
    ...named,
    rowMargins: { angle: angleMargins, cosine: cosineMargins },
    mixture: mixtureRows && { rows: mixtureRows, shares: mixtureShares },
  } as BankInputs;
}
