import { normalizeRows, normalizeRowsGradient, operation } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** m⁺ and m⁻, the cosines up to and from which pairs count, and the weights of both kinds. */
export interface PairMargins {
  readonly positiveWeight: number;
  readonly negativeWeight: number;
  readonly positiveMargin: number;
  readonly negativeMargin: number;
}

/** All cosines of a batch, and 1 for the ordered pairs that count, `[batch, batch]` float32. */
export interface HardPairs {
  readonly cosines: tf.Tensor2D;
  /** Of the same class, with `cos ≤ m⁺`. */
  readonly positive: tf.Tensor2D;
  /** Of different classes, with `cos ≥ m⁻`. */
  readonly negative: tf.Tensor2D;
}

/**
 * Returns the pairs that count.
 * @param unit `[batch, embeddingSize]`, rows of unit length
 * @param labels `[batch]`
 */
export function findHardPairs(
  unit: tf.Tensor2D,
  labels: tf.Tensor1D,
  { positiveMargin, negativeMargin }: PairMargins,
): HardPairs {
  const batch = labels.size;
  const cosines = tf.matMul(unit, unit, false, true) as tf.Tensor2D;
  const classes = tf.cast(labels, 'float32');
  const difference = tf.sub(tf.reshape(classes, [batch, 1]), tf.reshape(classes, [1, batch]));
  // Operands of one shape, because comparisons of stock tfjs-wasm are slow at expanding them.
  const compared = (isTrue: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, value: tf.Tensor, bound: number) =>
    tf.cast(isTrue(value, tf.fill([batch, batch], bound)), 'float32') as tf.Tensor2D;
  const same = compared(tf.equal, difference, 0);
  const others = tf.sub(1, tf.eye(batch));
  return {
    cosines,
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
  return operation<tf.Scalar>(
    [embeddings],
    () => {
      const { cosines, ...pairs } = findHardPairs(normalizeRows(embeddings).unit, labels, margins);
      const positive = shareOfEach(pairs.positive, -margins.positiveWeight);
      const negative = shareOfEach(pairs.negative, margins.negativeWeight);
      const value = tf.add(
        tf.sum(tf.mul(positive, tf.sub(cosines, margins.positiveMargin))),
        tf.sum(tf.mul(negative, tf.sub(cosines, margins.negativeMargin))),
      );
      return { value: value as tf.Scalar, saved: [embeddings, tf.add(positive, negative)] };
    },
    (dy, [saved, slopes]) => {
      const rows = normalizeRows(saved as tf.Tensor2D);
      // Each pair is there in both orders, so the matrix is symmetric.
      const direct = tf.mul(tf.matMul(slopes as tf.Tensor2D, rows.unit), tf.mul(dy, 2)) as tf.Tensor2D;
      const radial = tf.sum(tf.mul(direct, rows.unit), 1, true) as tf.Tensor2D;
      return [normalizeRowsGradient(rows, direct, radial)];
    },
  );
}

/** Returns `weight / count` for each of the `count` marked pairs. */
function shareOfEach(marked: tf.Tensor2D, weight: number): tf.Tensor2D {
  return tf.div(tf.mul(marked, weight), tf.maximum(tf.sum(marked), 1));
}
