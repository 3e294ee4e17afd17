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
    const sizes = [...this.#trainable, ...statistics].map(({ size }) => size);
    this.#sum = ranks.startSum([...sizes, trainable.length]);
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
    const [trainable, statistics] = [this.#trainable, this.#statistics];
    for (const variable of trainable) if (!this.#isSent.has(variable)) await this.#send(variable);
    for (const [index, variable] of statistics.entries()) {
      const values = await variable.data<'float32'>();
      this.#sum.set(
        trainable.length + index,
        values.map((value) => share * value),
      );
    }
    const hasGradient = Float32Array.from(trainable, (variable) => (this.#gradients.get(variable) ? 1 : 0));
    this.#sum.set(trainable.length + statistics.length, hasGradient);
    const sums = await this.#sum.finish();
    const users = sums.at(-1)!;
    // A backend may keep the array of a tensor, and the memory of the sums is used again.
    const read = (index: number, { shape }: tf.Variable) => tf.tensor(sums[index]!.slice(), shape);
    for (const [index, variable] of trainable.entries()) {
      const own = this.#gradients.get(variable);
      const isWritten = own !== undefined && overwriteTensor(own, sums[index]!);
      if (!isWritten && users[index]! > 0) this.#gradients.set(variable, read(index, variable));
    }
    for (const [index, variable] of statistics.entries()) {
      const mean = read(trainable.length + index, variable);
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
