import * as tf from '@tensorflow/tfjs-core';
import type { VariableGradients } from '../optimizers/training-optimizer.ts';

/** The gradients of one step, added up over its micro-batches, by variable name. */
export class GradientSum {
  readonly #sums = new Map<string, tf.Tensor>();

  /**
   * Takes the place of the optimizer in core's `minimize` and keeps the gradients. A new one for each micro-batch:
   * `minimize` gives an optimizer zeros for the variables that this batch leaves out and an earlier one did not, but a
   * variable without a gradient must not be moved at all.
   */
  collector(): tf.Optimizer {
    return new GradientCollector(this.#sums);
  }

  /** The norm of all gradients together. */
  norm(): tf.Scalar {
    return tf.tidy(() => {
      const squares = [...this.#sums.values()].map((sum) => tf.tidy(() => sumOfSquares(sum)));
      return tf.sqrt(tf.sum(tf.stack(squares))) as tf.Scalar;
    });
  }

  /** Hands the gradients over, multiplied by `factor`; nothing is left here. */
  take(factor: number | tf.Scalar): tf.NamedTensorMap {
    const gradients: tf.NamedTensorMap = {};
    for (const [name, sum] of this.#sums) {
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

class GradientCollector extends tf.Optimizer {
  static readonly className = 'GradientCollector';
  readonly #sums: Map<string, tf.Tensor>;

  constructor(sums: Map<string, tf.Tensor>) {
    super();
    this.#sums = sums;
  }

  applyGradients(gradients: VariableGradients): void {
    for (const { name, tensor } of gradients as Extract<VariableGradients, unknown[]>) {
      // That of a frozen variable.
      if (tensor === null) continue;
      const before = this.#sums.get(name);
      this.#sums.set(name, before ? tf.add(before, tensor) : tf.clone(tensor));
      before?.dispose();
    }
  }

  getConfig(): tf.serialization.ConfigDict {
    return {};
  }
}

/** In two steps: the wasm backend adds up one value after another, which loses digits of long sums. */
function sumOfSquares(tensor: tf.Tensor): tf.Scalar {
  const squares = tf.square(tensor);
  return tf.sum(tensor.rank > 1 ? tf.sum(squares, -1) : squares) as tf.Scalar;
}
