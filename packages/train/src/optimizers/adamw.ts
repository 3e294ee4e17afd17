import { type AdamWRule, checkNumber } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { adamwKernel } from './optimizer-kernels.ts';
import {
  runUpdateKernel,
  TrainingOptimizer,
  type TrainingOptimizerOptions,
  type VariableUpdate,
} from './training-optimizer.ts';

/** Options of `AdamW`. */
export interface AdamWOptions extends TrainingOptimizerOptions {
  /** β₁, decay of the mean of the gradients; default 0.9. */
  readonly beta1?: number;
  /** β₂, decay of the mean of their squares; default 0.999. */
  readonly beta2?: number;
  /** ε, added to the root of the corrected second moment; default 1e-8. */
  readonly epsilon?: number;
  /** λ; each step shrinks the parameter by the factor `1 − learningRate · λ`; default 0.01. */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019) as `torch.optim.AdamW`:
 *
 * `p ← (1 − learningRate · λ) p`, `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
 * `p ← p − learningRate · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)`.
 *
 * t counts the updates of the variable, not those of the optimizer. A backend with a kernel `AdamWStep` computes the
 * update in one pass.
 */
export class AdamW extends TrainingOptimizer {
  static readonly className = 'AdamW';
  readonly slotNames: readonly string[] = ['firstMoment', 'secondMoment'];
  private readonly beta1: number;
  private readonly beta2: number;
  private readonly epsilon: number;

  /** @throws ConfigError for options out of range */
  constructor(options: AdamWOptions) {
    super('AdamW', { weightDecay: 0.01, ...options });
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
    const belowOne = { minimum: 0, maximum: 1 - Number.EPSILON };
    checkNumber('AdamW: beta1', beta1, belowOne);
    checkNumber('AdamW: beta2', beta2, belowOne);
    checkNumber('AdamW: epsilon', epsilon, { minimum: 0 });
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.epsilon = epsilon;
  }

  getConfig(): tf.serialization.ConfigDict {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = this;
    return { learningRate, beta1, beta2, epsilon, weightDecay };
  }

  protected override rule(weightDecay: number, step: number): AdamWRule {
    const { learningRate, beta1, beta2, epsilon } = this;
    return { kind: 'adamw', learningRate, beta1, beta2, epsilon, weightDecay, step };
  }

  /** `p ← p − learningRate · λ · (p − start)` in place of `(1 − learningRate · λ) p`. */
  protected override pullTowards(start: tf.Tensor, update: VariableUpdate): VariableUpdate {
    const { parameter, weightDecay } = update;
    const pulled = tf.add(parameter, tf.mul(tf.sub(start, parameter), this.learningRate * weightDecay));
    return { ...update, parameter: pulled, weightDecay: 0 };
  }

  protected override update(update: VariableUpdate): readonly tf.Tensor[] {
    const { parameter, gradient, slots, weightDecay, step } = update;
    const { learningRate, beta1, beta2, epsilon } = this;
    const [firstMoment, secondMoment] = slots as [tf.Tensor, tf.Tensor];
    const inputs = { parameter, gradient, firstMoment, secondMoment };
    const attributes = { learningRate, beta1, beta2, epsilon, weightDecay, step };
    const results = runUpdateKernel(adamwKernel, inputs, attributes);
    if (results) return results;
    const first = tf.add(tf.mul(firstMoment, beta1), tf.mul(gradient, 1 - beta1));
    const second = tf.add(tf.mul(secondMoment, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const root = tf.add(tf.div(tf.sqrt(second), Math.sqrt(1 - beta2 ** step)), epsilon);
    const shrunk = weightDecay === 0 ? parameter : tf.mul(parameter, 1 - learningRate * weightDecay);
    const change = tf.mul(tf.div(first, root), learningRate / (1 - beta1 ** step));
    return [tf.sub(shrunk, change), first, second];
  }
}
