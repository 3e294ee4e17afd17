import { ConfigError, checkNumber } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Options of `WeightAverage`. */
export interface WeightAverageOptions {
  /** Factor of the previous average in each step, in [0, 1); for example 0.999. */
  readonly decay: number;
}

/**
 * An exponential moving average of weights (EMA): `average ← decay · average + (1 − decay) · weight` after each step.
 * It starts with the weights after the first step, like `torch.optim.swa_utils.AveragedModel`.
 */
export class WeightAverage {
  /** Share of the average that a step keeps, in [0, 1). */
  readonly decay: number;
  readonly #averages = new Map<tf.Variable, tf.Tensor>();
  #isInUse = false;

  /** @throws ConfigError if the decay is not in [0, 1) */
  constructor({ decay }: WeightAverageOptions) {
    checkNumber('WeightAverage: decay', decay, { minimum: 0, maximum: 1 - Number.EPSILON });
    this.decay = decay;
  }

  /** True until the first `update`. */
  get isEmpty(): boolean {
    return this.#averages.size === 0;
  }

  /** Updates the averages with the present values of the variables; a `Trainer` calls it after each step. */
  update(variables: readonly tf.Variable[]): void {
    for (const variable of variables) {
      const before = this.#averages.get(variable);
      this.#set(
        variable,
        tf.tidy(() =>
          before ? tf.add(tf.mul(before, this.decay), tf.mul(variable, 1 - this.decay)) : tf.clone(variable),
        ),
      );
    }
  }

  /** Sets the averages to the present values of the variables, to resume from a checkpoint. */
  restart(variables: readonly tf.Variable[]): void {
    this.dispose();
    for (const variable of variables) this.#set(variable, tf.clone(variable));
  }

  /**
   * Runs a function with the averages in place of the weights, such as an evaluation or `backbone.getState()`. Restores the
   * weights afterwards, even after an error.
   * @throws ConfigError if the averages are in use already, and what `run` throws
   */
  async use<Result>(run: () => Result | Promise<Result>): Promise<Result> {
    if (this.#isInUse)
      throw new ConfigError('The averaged weights are in use already. Await the earlier use first.');
    this.#isInUse = true;
    const weights = [...this.#averages].map(([variable, average]) => {
      const weight = tf.clone(variable);
      variable.assign(average);
      return [variable, weight] as const;
    });
    try {
      return await run();
    } finally {
      for (const [variable, weight] of weights) {
        variable.assign(weight);
        weight.dispose();
      }
      this.#isInUse = false;
    }
  }

  /** Frees the averages. */
  dispose(): void {
    tf.dispose([...this.#averages.values()]);
    this.#averages.clear();
  }

  #set(variable: tf.Variable, average: tf.Tensor): void {
    this.#averages.get(variable)?.dispose();
    this.#averages.set(variable, tf.keep(average));
  }
}
