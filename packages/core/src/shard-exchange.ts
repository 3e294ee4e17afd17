import * as tf from '@tensorflow/tfjs-core';
import { type ShardRows, shardOf } from './class-shard.ts';
import type { LossStep, OpenSetLoss } from './contract.ts';
import type { Ranks } from './ranks.ts';
import { type FirstPass, positionsIn, type ShardBatch, withShardBatch } from './shard-batch.ts';

/**
 * Exchanges the rows of the own classes of a batch, of all variables of a loss that are shards, and the means of those with one value for each class:
 * each rank gives the rows that it holds.
 */
export async function exchangeOwnRows(
  loss: Pick<OpenSetLoss, 'trainable' | 'memory'>,
  labels: tf.Tensor1D | tf.Tensor2D,
  ranks: Ranks,
): Promise<ShardBatch> {
  const { rank, size } = ranks;
  const hardLabels = labels.rank === 1 ? await labels.data() : null;
  const shards = [...new Set([...loss.trainable, ...loss.memory])].filter((variable) => shardOf(variable));
  const matrices = hardLabels ? shards.filter((variable) => variable.rank === 2) : [];
  const vectors = shards.filter((variable) => variable.rank === 1 && variable.dtype === 'float32');
  const rows = await Promise.all(
    matrices.map((variable) => readOwnRows(variable, hardLabels as ArrayLike<number>)),
  );
  const means = Float32Array.from(await Promise.all(vectors.map(readPartOfMean)));
  const arrays = [...rows, means].filter(({ length }) => length > 0);
  if (arrays.length > 0) await ranks.sum(arrays);
  const ownRows = matrices.map((variable, index) => {
    const values = rows[index]!;
    const columns = variable.shape[1]!;
    return [variable, tf.tensor2d(values, [values.length / columns, columns])] as const;
  });
  return {
    shard: { rank, size },
    labels: hardLabels,
    ownRows: new Map<tf.Tensor, tf.Tensor2D>(ownRows),
    means: new Map<tf.Tensor, number>(vectors.map((variable, index) => [variable, means[index]!])),
    firstPasses: null,
    nextPass: () => {
      throw new Error('No totals have been exchanged.');
    },
  };
}

/** Returns the rows of each label's class, `[batch · rowsOfEach · size]`; zeros for classes of other shards. */
async function readOwnRows(variable: tf.Variable, labels: ArrayLike<number>): Promise<Float32Array> {
  const { rowsOfEach, start, count } = shardOf(variable) as ShardRows;
  const places = positionsIn({ start: start / rowsOfEach, count: count / rowsOfEach }, labels);
  const length = rowsOfEach * variable.shape[1]!;
  const result = new Float32Array(labels.length * length);
  const held = [...places.keys()].filter((row) => places[row]! >= 0);
  if (held.length === 0) return result;
  const gathered = tf.tidy(() => {
    const wanted = held.flatMap((row) =>
      Array.from({ length: rowsOfEach }, (_, center) => places[row]! * rowsOfEach + center),
    );
    return tf.gather(variable, tf.tensor1d(wanted, 'int32'));
  });
  const values = await gathered.data<'float32'>();
  held.forEach((row, index) => {
    result.set(values.subarray(index * length, (index + 1) * length), row * length);
  });
  gathered.dispose();
  return result;
}

/** Returns the sum of the values of a shard, divided by the number of those of all shards. */
async function readPartOfMean(variable: tf.Variable): Promise<number> {
  const values = await variable.data<'float32'>();
  return values.reduce((sum, value) => sum + value, 0) / (shardOf(variable) as ShardRows).total;
}

/**
 * Computes the sums over the classes of each shard that a batch needs, and exchanges them.
 * @param forward computes the step of the batch, which is disposed of
 * @returns what each operation passes on to its second pass, in their order; the caller disposes of it
 */
export async function exchangeSums(
  batch: ShardBatch,
  ranks: Ranks,
  forward: () => LossStep,
): Promise<readonly FirstPass[]> {
  const firstPasses: FirstPass[] = [];
  const sums = () => firstPasses.map((pass) => pass.sums);
  try {
    withShardBatch({ ...batch, firstPasses }, forward).dispose();
    if (firstPasses.length === 0) return [];
    const own = await Promise.all(sums().map((each) => each.data<'float32'>()));
    const all = new Float32Array(own.reduce((length, values) => length + values.length, 0));
    let place = 0;
    for (const values of own) {
      all.set(values, place);
      place += values.length;
    }
    const parts = await ranks.gather(all);
    place = 0;
    return firstPasses.map(({ sums: { shape }, workspace }) => {
      const [kinds, rows] = shape;
      const start = place;
      place += kinds * rows;
      const at = (kind: number, row: number) => parts.map((part) => part[start + kind * rows + row]!);
      const columns = Array.from({ length: rows }, (_, row) =>
        totalsOf(Array.from({ length: kinds }, (_, kind) => at(kind, row))),
      );
      const values = columns[0]!.flatMap((_, kind) => columns.map((column) => column[kind]!));
      return { sums: tf.tensor2d(values, [columns[0]!.length, rows]), workspace };
    });
  } catch (error) {
    for (const { workspace } of firstPasses) workspace?.dispose();
    throw error;
  } finally {
    tf.dispose(sums());
  }
}

/**
 * Returns the totals of one row from the sums of all shards; see `Criterion.sums` and `BankShard.totals`. One sum alone is a log-sum-exp.
 * @param sums by kind and shard
 */
function totalsOf(sums: readonly (readonly number[])[]): number[] {
  if (sums.length === 1) return [logSumExp(sums[0]!)];
  if (sums.length === 3) return [logSumExp(sums[0]!), add(sums[1]!), add(sums[2]!)];
  const positive = add(sums[0]!);
  const negatives = logSumExp(sums[1]!);
  return [negatives - positive, logSumExp([positive, negatives])];
}

function add(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Returns `log Σ e^z`; at least −1e30, which stands for no terms. */
function logSumExp(values: readonly number[]): number {
  const top = values.reduce((largest, value) => Math.max(largest, value), -1e30);
  return top + Math.log(Math.max(add(values.map((value) => Math.exp(value - top))), Number.MIN_VALUE));
}
