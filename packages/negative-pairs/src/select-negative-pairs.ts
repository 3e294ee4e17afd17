import { minimumNorm, operation, pairCosines, pairDifferences } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Stands for a pair that does not count, far below any cosine; `outsideNegatives` of core ignore it. */
const noPair = -1e30;

/**
 * Returns the cosines of the pairs of different people in a batch, and `noPair` elsewhere, so that nothing is read from the device.
 * Pairs count if `Q1 − ω(Q3 − Q1) ≤ cos ≤ Q3 + ω(Q3 − Q1)`; the quartiles are the values at ⌊N/4⌋ and ⌊3N/4⌋ of the N sorted
 * cosines. Differentiable; the choice is a constant.
 * @param embeddings `[batch, size]`
 * @param labels `[batch]` int32
 * @returns `[batch²]`
 */
export function selectNegativePairs(
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
  whisker: number,
): tf.Tensor1D {
  const all = pairCosines(embeddings);
  return operation<tf.Tensor1D>(
    [all],
    () => {
      const cosines = tf.reshape(all, [all.size]) as tf.Tensor1D;
      const isPair = differentPairs(labels);
      const kept = tf.logicalAnd(isPair, isWithin(cosines, isPair, whisker));
      const value = tf.where(kept, cosines, tf.fill(cosines.shape, noPair)) as tf.Tensor1D;
      return { value, saved: [tf.cast(kept, 'float32')] };
    },
    (dy, [kept]) => [tf.reshape(tf.mul(dy, kept as tf.Tensor), all.shape)],
  );
}

/**
 * Returns the cosines of the pairs that count, in float64: those near 0 have few digits in float32.
 * @param pairs `batch²` values of `selectNegativePairs`
 * @param embeddings `batch · size` values, row-major
 */
export function readPairs(pairs: ArrayLike<number>, embeddings: ArrayLike<number>, batch: number): number[] {
  const size = embeddings.length / batch;
  const product = (row: number, other: number) => {
    let sum = 0;
    for (let index = 0; index < size; index++) {
      sum += embeddings[row * size + index]! * embeddings[other * size + index]!;
    }
    return sum;
  };
  const norms = Array.from({ length: batch }, (_, row) =>
    Math.max(Math.sqrt(product(row, row)), minimumNorm),
  );
  return Array.from(pairs).flatMap((cosine, place) => {
    const [row, other] = [Math.floor(place / batch), place % batch];
    return cosine < noPair / 2 ? [] : [product(row, other) / (norms[row]! * norms[other]!)];
  });
}

/** Marks pairs `i < j` of different classes, `[batch²]` bool; `labels` is `[batch]`. */
export function differentPairs(labels: tf.Tensor1D): tf.Tensor1D {
  const batch = labels.size;
  const classes = pairDifferences(tf.cast(labels, 'float32'));
  const places = pairDifferences(tf.range(0, batch));
  const zeros = tf.zerosLike(places);
  const isDifferent = tf.notEqual(classes, zeros);
  return tf.reshape(tf.logicalAnd(isDifferent, tf.less(places, zeros)), [batch * batch]);
}

/** Marks the cosines within the whiskers of the quartiles of those that `isPair` marks. */
function isWithin(cosines: tf.Tensor1D, isPair: tf.Tensor1D, whisker: number): tf.Tensor1D {
  const count = tf.sum(tf.cast(isPair, 'int32'));
  const last = tf.fill(cosines.shape, -noPair);
  // Ascending, pairs first.
  const sorted = tf.neg(tf.topk(tf.neg(tf.where(isPair, cosines, last)), cosines.size).values);
  const at = (quarters: number) => {
    const place = tf.floorDiv(tf.mul(count, tf.scalar(quarters, 'int32')), tf.scalar(4, 'int32'));
    return tf.gather(sorted, tf.reshape(place, [1]));
  };
  const [first, third] = [at(1), at(3)];
  const reach = tf.mul(tf.sub(third, first), whisker);
  const everywhere = (bound: tf.Tensor) => tf.add(tf.zerosLike(cosines), bound);
  return tf.logicalAnd(
    tf.greaterEqual(cosines, everywhere(tf.sub(first, reach))),
    tf.lessEqual(cosines, everywhere(tf.add(third, reach))),
  );
}
