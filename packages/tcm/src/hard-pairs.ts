import { operation, pairCosines, pairDifferences } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** m⁺ and m⁻, the cosines up to and from which pairs count, and the weights of both kinds. */
export interface PairMargins {
  readonly positiveWeight: number;
  readonly negativeWeight: number;
  readonly positiveMargin: number;
  readonly negativeMargin: number;
}

/** 1 for the ordered pairs that count, `[batch, batch]` float32. */
export interface HardPairs {
  /** Of the same class, with `cos ≤ m⁺`. */
  readonly positive: tf.Tensor2D;
  /** Of different classes, with `cos ≥ m⁻`. */
  readonly negative: tf.Tensor2D;
}

/**
 * Returns the pairs that count.
 * @param cosines `[batch, batch]`
 * @param labels `[batch]`
 */
export function findHardPairs(
  cosines: tf.Tensor2D,
  labels: tf.Tensor1D,
  { positiveMargin, negativeMargin }: PairMargins,
): HardPairs {
  const batch = labels.size;
  const compared = (isTrue: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, value: tf.Tensor, bound: number) =>
    tf.cast(isTrue(value, tf.fill([batch, batch], bound)), 'float32') as tf.Tensor2D;
  const same = compared(tf.equal, pairDifferences(tf.cast(labels, 'float32')), 0);
  const others = tf.sub(1, tf.eye(batch));
  return {
    positive: tf.mul(tf.mul(same, others), compared(tf.lessEqual, cosines, positiveMargin)),
    negative: tf.mul(tf.sub(1, same), compared(tf.greaterEqual, cosines, negativeMargin)),
  };
}

/**
 * Returns `w⁺ · mean(m⁺ − cos)` over the positive pairs that count plus `w⁻ · mean(cos − m⁻)` over the negative ones; 0 for an
 * empty set. Differentiable; which pairs count is a constant.
 * @param embeddings `[batch, embeddingSize]`
 * @param labels `[batch]`
 */
export function marginLossOfPairs(
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
  margins: PairMargins,
): tf.Scalar {
  const cosines = pairCosines(embeddings);
  return operation<tf.Scalar>(
    [cosines],
    () => {
      const pairs = findHardPairs(cosines, labels, margins);
      const positive = shareOfEach(pairs.positive, -margins.positiveWeight);
      const negative = shareOfEach(pairs.negative, margins.negativeWeight);
      const value = tf.add(
        tf.sum(tf.mul(positive, tf.sub(cosines, margins.positiveMargin))),
        tf.sum(tf.mul(negative, tf.sub(cosines, margins.negativeMargin))),
      );
      return { value: value as tf.Scalar, saved: [tf.add(positive, negative)] };
    },
    (dy, [slopes]) => [tf.mul(slopes as tf.Tensor2D, dy)],
  );
}

/** Returns `weight / count` for each of the `count` marked pairs. */
function shareOfEach(marked: tf.Tensor2D, weight: number): tf.Tensor2D {
  return tf.div(tf.mul(marked, weight), tf.maximum(tf.sum(marked), 1));
}
