import type { LossGradients } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** The gradients of one step, summed over its micro-batches. A variable that no micro-batch used has none. */
export class GradientSum {
  readonly #sums = new Map<tf.Variable, tf.Tensor>();

  /** Adds the gradients of a micro-batch and takes ownership of their tensors. */
  add(gradients: LossGradients['gradients']): void {
    for (const [variable, gradient] of gradients) {
      const before = this.#sums.get(variable);
      this.#sums.set(variable, before ? tf.add(before, gradient) : gradient);
      if (before) tf.dispose([before, gradient]);
    }
  }

  /** Returns the norm of all gradients together. */
  norm(): tf.Scalar {
    return tf.tidy(() => {
      const squares = [...this.#sums.values()].map((sum) => tf.tidy(() => sumOfSquares(sum)));
      return tf.sqrt(tf.sum(tf.stack(squares))) as tf.Scalar;
    });
  }

  /** Returns the gradients times `factor`, by variable name, and keeps none. The caller disposes of them. */
  take(factor: number | tf.Scalar): tf.NamedTensorMap {
    const gradients: tf.NamedTensorMap = {};
    for (const [{ name }, sum] of this.#sums) {
      gradients[name] = factor === 1 ? sum : tf.mul(sum, factor);
      if (factor !== 1) sum.dispose();
    }
    this.#sums.clear();
    return gradients;
  }

  dispose(): void {
    tf.dispose([...this.#sums.values()]);
    this.#sums.clear();
  }
}

/** In two steps: the wasm backend sums one value after another, which loses digits in long sums. */
function sumOfSquares(tensor: tf.Tensor): tf.Scalar {
  const squares = tf.square(tensor);
  return tf.sum(tensor.rank > 1 ? tf.sum(squares, -1) : squares) as tf.Scalar;
}
