import {
  type Backbone,
  memoryOf,
  overwriteTensor,
  type RankSum,
  type Ranks,
  type TravelSpan,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import type { GradientSum } from '../training/gradient-sum.ts';

/**
 * Sums the gradients of a network over the ranks, and averages its running statistics. Gradients travel while the backward pass of the last
 * micro-batch goes on, so create it before that pass.
 */
export class NetworkSum {
  readonly #ranks: Ranks;
  /** In the order of the backward pass: from the last layer to the first. */
  readonly #trainable: readonly tf.Variable[];
  readonly #statistics: readonly tf.Variable[];
  readonly #gradients: GradientSum;
  readonly #sum: RankSum;
  readonly #isSent = new Set<tf.Variable>();

  /** @param gradients of this rank, from the micro-batches before; receives the sums */
  constructor(ranks: Ranks, { trainable, statistics = [] }: Backbone, gradients: GradientSum) {
    this.#trainable = trainable.toReversed();
    this.#statistics = statistics;
    this.#gradients = gradients;
    this.#ranks = ranks;
    this.#sum = ranks.startSum(this.#trainable.map(({ size }) => size));
  }

  /** Adds a gradient of the last micro-batch, sends it, and takes ownership of the tensor. */
  async addOne(variable: tf.Variable, gradient: tf.Tensor): Promise<void> {
    this.#gradients.addOne(variable, gradient);
    await this.#send(variable);
  }

  /**
   * Sends the rest, and replaces the gradients by their sums over all ranks; a gradient that no rank has stays missing. Replaces running
   * statistics by their means over the ranks, weighted by the rows of each. They are linear in the statistics of the batches, so the means are
   * what they would be if every rank had used the mean of all ranks' statistics in each step.
   * @param share rows of this rank, of all rows of the step
   */
  async finish(share: number): Promise<void> {
    const trainable = this.#trainable;
    for (const variable of trainable) if (!this.#isSent.has(variable)) await this.#send(variable);
    const sums = await this.#sum.finish();
    // In another sum, which nothing rounds.
    const hasGradient = Float32Array.from(trainable, (variable) => (this.#gradients.get(variable) ? 1 : 0));
    const means: Float32Array[] = [];
    for (const variable of this.#statistics)
      means.push((await variable.data<'float32'>()).map((value) => share * value));
    await this.#ranks.sum([hasGradient, ...means]);
    for (const [index, variable] of trainable.entries()) {
      const own = this.#gradients.get(variable);
      const isWritten = own !== undefined && overwriteTensor(own, sums[index]!);
      // A backend may keep the array of a tensor, and the memory of the sums is used again.
      if (!isWritten && hasGradient[index]! > 0)
        this.#gradients.set(variable, tf.tensor(sums[index]!.slice(), variable.shape));
    }
    for (const [index, variable] of this.#statistics.entries()) {
      const mean = tf.tensor(means[index]!, variable.shape);
      variable.assign(mean);
      mean.dispose();
    }
  }

  /** When the buckets travelled; complete after `finish`. */
  get spans(): readonly TravelSpan[] {
    return this.#sum.spans;
  }

  async #send(variable: tf.Variable): Promise<void> {
    const gradient = this.#gradients.get(variable);
    // Without a copy where possible: large copies make the garbage collector run.
    const values = gradient && (memoryOf(gradient) ?? (await gradient.data<'float32'>()));
    this.#isSent.add(variable);
    this.#sum.set(this.#trainable.indexOf(variable), values ?? new Float32Array(variable.size));
  }
}
