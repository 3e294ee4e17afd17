import * as tf from '@tensorflow/tfjs-core';
import { logitsOf, openBank } from './bank-blocks.ts';
import {
  type KeptRows,
  kernelInputs,
  kernelSupports,
  meanBankLoss,
  runBankLossKernel,
} from './bank-loss-operation.ts';
import { bankLossWithUpdate, canDeferBank } from './bank-loss-with-update.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import type { PendingUpdates } from './bank-update.ts';
import { checkBankInputs } from './check-inputs.ts';
import { copyShard, type ShardOperations, type ShardRows, shardOf } from './class-shard.ts';
import { computeSubsetLoss, restrictToClasses } from './class-subset.ts';
import { countDrawnByAll, drawClasses } from './draw-shard-classes.ts';
import { ConfigError } from './errors.ts';
import { negativeLogSumExpRows } from './log-sum-exp.ts';
import { sampledBankLossWithUpdate, withoutWorkspace } from './sampled-bank-update.ts';
import { activeBatch, classesOf, type FirstPass, positionsIn, type ShardBatch } from './shard-batch.ts';
import { streamedBankLoss } from './streamed-bank-loss.ts';
import { stopGradient } from './tape.ts';
import { assignHeldRows, lastWithSameLabel, withHeldRows } from './write-rows.ts';

/**
 * The operations of a shard. An operation over its bank returns `size` times the part that its classes have in the loss, so that the mean over
 * the ranks is the whole, beside what every rank computes alike. With softmax, the value is whole on each rank. The gradients of the
 * rows of the shard are no means, so they are not multiplied.
 */
export const bankShardOperations: ShardOperations = {
  bankLoss,
  bankLossAlone,
  negativeLogSumExp,
  rowsOfBatch: (bank) => activeBatch().ownRows.get(bank) as tf.Tensor2D,
  meanOfAll: (variable) => activeBatch().means.get(variable) as number,
  assignRows: (variable, labels, rows) =>
    tf.tidy(() => {
      const held = takeHeldRows(variable, labels.dataSync(), rows);
      if (held) assignHeldRows(variable, held.labels, held.rows);
    }),
  withRows: withOwnRows,
  heldRows: (variable, labels, rows) => takeHeldRows(variable, labels.dataSync(), rows),
  sampleClasses: drawClasses,
};

function bankLoss(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  updates?: PendingUpdates,
): { loss: tf.Scalar; rowLosses: tf.Tensor1D } {
  const batch = activeBatch();
  const isSoftmax = options.criterion.name === 'softmax';
  const rows = inputs.embeddings.shape[0];
  if (batch.firstPasses) {
    if (isSoftmax) batch.firstPasses.push(sumsOf(...openShard(inputs, options, batch)));
    return { loss: tf.scalar(0), rowLosses: tf.keep(tf.zeros([rows])) };
  }
  const [local, resolved] = openShard(inputs, options, batch, isSoftmax ? batch.nextPass() : null);
  checkBankInputs(local, resolved);
  const kept: KeptRows = {};
  const finish = (outputs: readonly tf.Tensor[], hasBankGradient: boolean) =>
    multiplyParts(outputs, local, { factor: batch.shard.size, isSoftmax, hasBankGradient });
  const canDefer = canDeferBank({ ...local, classes: undefined }, resolved) && !hasLoneBias(local, resolved);
  const loss =
    updates && canDefer && updates.accepts(inputs.bank as tf.Variable)
      ? (local.classes ? sampledBankLossWithUpdate : bankLossWithUpdate)(
          local,
          resolved,
          kept,
          updates,
          (outputs) => finish(outputs, false),
        )
      : meanBankLoss(
          local,
          resolved,
          (...given) => [...finish(computePart(...given), resolved.bankGradient)],
          kept,
        );
  return { loss, rowLosses: kept.rowLosses as tf.Tensor1D };
}

function bankLossAlone(inputs: BankInputs, options: ResolvedBankOptions): tf.Scalar {
  if (options.reduction === 'none') {
    throw new ConfigError(
      "A shard of a bank has no losses of the rows with reduction 'none': use cosineBankLossWithRows.",
    );
  }
  const { loss, rowLosses } = bankLoss(inputs, options);
  rowLosses.dispose();
  return loss;
}

function negativeLogSumExp(
  inputs: Pick<BankInputs, 'embeddings' | 'labels' | 'bank'>,
  options: ResolvedBankOptions,
): tf.Tensor2D {
  const batch = activeBatch();
  if (!batch.firstPasses) return batch.nextPass().sums;
  const [local, resolved] = openShard(inputs, options, batch);
  const sums = negativeLogSumExpRows(logitsOf(openBank(local, resolved), local));
  batch.firstPasses.push({ sums: tf.keep(tf.clone(sums)), workspace: null });
  return sums;
}

function withOwnRows<Result>(
  bank: tf.Tensor,
  rows: tf.Tensor2D,
  compute: (bank: tf.Tensor2D) => Result,
): Result {
  const { ownRows, labels } = activeBatch();
  const all = labels as ArrayLike<number>;
  const before = ownRows.get(bank) as tf.Tensor2D;
  const own = stopGradient(() =>
    tf.gather(rows, lastWithSameLabel(tf.tensor1d(Int32Array.from(all), 'int32'))),
  );
  const computeWith = (memory: tf.Tensor2D) => {
    if (memory !== bank) copyShard(memory, bank);
    ownRows.set(memory, own);
    try {
      return compute(memory);
    } finally {
      ownRows.delete(memory);
      ownRows.set(bank, before);
    }
  };
  const held = takeHeldRows(bank, all, rows);
  if (!held) return computeWith(bank as tf.Tensor2D);
  return withHeldRows(bank as tf.Variable, held.labels, held.rows, computeWith);
}

function takeHeldRows(
  variable: tf.Tensor,
  labels: ArrayLike<number>,
  rows: tf.Tensor2D,
): { labels: tf.Tensor1D; rows: tf.Tensor2D } | null {
  const places = positionsIn(shardOf(variable) as ShardRows, labels);
  const held = [...places.keys()].filter((row) => places[row]! >= 0);
  if (held.length === 0) return null;
  const positions = held.map((row) => places[row]!);
  return {
    labels: tf.tensor1d(positions, 'int32'),
    rows: stopGradient(() => tf.gather(rows, tf.tensor1d(held, 'int32'))),
  };
}

/** Returns the inputs and options of the part of an operation that this shard computes. */
function openShard(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  { shard, labels, ownRows }: ShardBatch,
  pass: FirstPass | null = null,
): [BankInputs, ResolvedBankOptions] {
  const { bank, outsideNegatives } = inputs;
  const range = classesOf(bank);
  const { pairSampling } = options;
  const local: BankInputs = {
    ...inputs,
    labels: labels
      ? tf.tensor1d(positionsIn(range, labels), 'int32')
      : stopGradient(() => tf.slice(inputs.labels as tf.Tensor2D, [0, range.start], [-1, range.count])),
    // They count once.
    outsideNegatives: shard.rank === 0 ? outsideNegatives : undefined,
    shard: {
      ownRows: ownRows.get(bank) ?? null,
      totals: pass?.sums ?? null,
      workspace: pass?.workspace ?? null,
      numClasses: (inputs.classes && countDrawnByAll(inputs.classes)) ?? range.total,
    },
  };
  if (!pairSampling) return [local, options];
  const mask = (start: number, count: number, rows: number) =>
    pairSampling.mask(start + range.start, count, rows);
  return [local, { ...options, pairSampling: { ...pairSampling, mask } }];
}

/**
 * Whether a shard of one class has a bias for each class. `[1]` looks like a unified bias, whose gradient kernels leave out with softmax, where
 * it cancels.
 */
function hasLoneBias({ bias }: BankInputs, { criterion }: ResolvedBankOptions): boolean {
  return criterion.name === 'softmax' && bias?.shape[0] === 1 && shardOf(bias) !== null;
}

/** Returns the outputs of the part of an operation; see `cosineBankLossKernel`. */
function computePart(inputs: BankInputs, options: ResolvedBankOptions, gradients: boolean): tf.Tensor[] {
  if (!hasLoneBias(inputs, options))
    return computeSubsetLoss(gradients ? inputs : withoutWorkspace(inputs), options, gradients);
  // A selection of one class is all of them.
  return streamedBankLoss({ ...inputs, classes: undefined }, options, gradients);
}

/** Returns the sums of softmax over the classes of this shard, and the workspace of the kernel, both kept. */
function sumsOf(inputs: BankInputs, options: ResolvedBankOptions): FirstPass {
  if (kernelSupports(inputs, options)) {
    const attributes = { ...options, gradients: true, returnsSums: true };
    const [sums, workspace] = runBankLossKernel(kernelInputs(inputs), attributes).map((output) =>
      tf.keep(output),
    );
    return { sums: sums as tf.Tensor2D, workspace: workspace ?? null };
  }
  const { classes } = inputs;
  const restricted = classes ? restrictToClasses(inputs, classes, options) : inputs;
  const sums = tf.tidy(() => options.criterion.sums!(logitsOf(openBank(restricted, options), restricted)));
  return { sums: tf.keep(sums), workspace: null };
}

/** Multiplies outputs that are summed over the shards by their number, except those that softmax knows whole. */
function multiplyParts(
  [loss, rowLosses, ...gradients]: readonly tf.Tensor[],
  { bias }: BankInputs,
  { factor, isSoftmax, hasBankGradient }: { factor: number; isSoftmax: boolean; hasBankGradient: boolean },
): tf.Tensor[] {
  const multiply = (tensor: tf.Tensor) => tf.mul(tensor, factor);
  const values = [loss!, rowLosses!].map((value) => (isSoftmax ? value : multiply(value)));
  const [embeddings, ...others] = gradients;
  if (!embeddings) return values;
  const ofRows = hasBankGradient ? others.splice(0, 1) : [];
  if (bias && (bias.shape[0] !== 1 || shardOf(bias))) ofRows.push(...others.splice(0, 1));
  return [...values, multiply(embeddings), ...ofRows, ...others.map(multiply)];
}
