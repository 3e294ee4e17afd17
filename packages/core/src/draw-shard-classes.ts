import * as tf from '@tensorflow/tfjs-core';
import { consecutivePart } from './consecutive-part.ts';
import { deriveSeed } from './derive-seed.ts';
import { sampleClasses } from './sample-classes.ts';
import { activeBatch, classesOf, positionsIn } from './shard-batch.ts';

/** Numbers of classes that all shards have drawn together, by the classes that this one has drawn. */
const drawnByAll = new WeakMap<tf.Tensor, number>();

/**
 * Returns the classes of a shard that take part in a batch: those of its labels and random others, `⌊rate · count⌋` together, but at least 1.
 * @returns `[count]` int32, distinct, as positions in the shard
 */
export function drawClasses(bank: tf.Tensor, rate: number, seed: number): tf.Tensor1D {
  const { labels, shard } = activeBatch();
  const { total } = classesOf(bank);
  const all = labels as ArrayLike<number>;
  const countOf = (count: number, held: readonly number[]) =>
    Math.max(1, Math.floor(rate * count), held.length);
  const draws = Array.from({ length: shard.size }, (_, rank) => {
    const { from, to } = consecutivePart(total, { index: rank, count: shard.size });
    const range = { start: from, count: to - from };
    const held = heldClasses(range, all);
    return { range, held, count: countOf(range.count, held) };
  });
  const { range, held, count } = draws[shard.rank]!;
  const classes = tf.tidy(() =>
    // Another seed for each shard: those of equal length would draw the same places.
    sampleClasses(tf.tensor1d(held, 'int32'), {
      numClasses: range.count,
      count,
      seed: deriveSeed(seed, shard.rank),
    }),
  );
  drawnByAll.set(
    classes,
    draws.reduce((sum, draw) => sum + draw.count, 0),
  );
  return classes;
}

/** Returns the classes of a range that labels name, as positions in the range. */
function heldClasses(range: { start: number; count: number }, labels: ArrayLike<number>): number[] {
  return [...new Set(positionsIn(range, labels))].filter((place) => place >= 0);
}

/** Returns how many classes all shards have drawn together for a batch. @param classes those that this shard has drawn */
export function countDrawnByAll(classes: tf.Tensor): number | undefined {
  return drawnByAll.get(classes);
}
