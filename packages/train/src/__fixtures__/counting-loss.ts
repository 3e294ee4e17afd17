import {
  type BankLossOptions,
  bceCriterion,
  ClassWeightsLoss,
  type LearnedThreshold,
  type LossContext,
  type LossStep,
  makeStep,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** BCE over class weights with one bias, and a memory that counts committed images: one loss with every kind of state. */
export class CountingLoss extends ClassWeightsLoss {
  readonly count: tf.Variable;

  constructor(options: BankLossOptions) {
    super('CountingLoss', options, { criterion: bceCriterion, scale: 8 }, () => tf.tensor1d([3]));
    this.count = this.addMemory('count', tf.tensor1d([0], 'int32'));
  }

  override forward(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext): LossStep {
    this.checkHardBatch(embeddings, labels, context);
    return makeStep((hold) => ({
      ...this.score(embeddings, labels, hold, { context }),
      commit: () => this.count.assign(tf.add(this.count, tf.scalar(embeddings.shape[0], 'int32'))),
    }));
  }

  override threshold(): LearnedThreshold {
    return { cosine: (this.bias as tf.Variable).dataSync()[0]! / 8, between: 'embedding and class' };
  }
}
