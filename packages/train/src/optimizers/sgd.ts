import { ConfigError, checkNumber, type SgdRule } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { sgdKernel } from './optimizer-kernels.ts';
import {
  runUpdateKernel,
  TrainingOptimizer,
  type TrainingOptimizerOptions,
  type VariableUpdate,
} from './training-optimizer.ts';

/** Options of `Sgd`. */
export interface SgdOptions extends TrainingOptimizerOptions {
  /** Momentum; default 0. The papers use 0.9. */
  readonly momentum?: number;
  /** Whether momentum is Nesterov's; default false. */
  readonly nesterov?: boolean;
  /** λ, added to the gradient as λ · parameter; default 0. The papers use 5e-4. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent as `torch.optim.SGD` (dampening 0):
 *
 * `g ← gradient + λ p`, `v ← momentum · v + g`, `p ← p − learningRate · v` (Nesterov: `g + momentum · v`).
 *
 * The velocity v does not include the learning rate, so a change of the rate takes effect immediately. Without weight
 * decay, `tf.train.momentum` computes the same. A backend with a kernel `SgdStep` computes the update in one pass.
 */
export class Sgd extends TrainingOptimizer {
  static readonly className = 'Sgd';
  readonly slotNames: readonly string[];
  private readonly momentum: number;
  private readonly nesterov: boolean;

  /** @throws ConfigError for options out of range, or for Nesterov without momentum */
  constructor(options: SgdOptions) {
    super('Sgd', options);
    const { momentum = 0, nesterov = false } = options;
    checkNumber('Sgd: momentum', momentum, { minimum: 0 });
    if (nesterov && momentum === 0) throw new ConfigError('Sgd: nesterov needs a momentum above 0.');
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.slotNames = momentum === 0 ? [] : ['velocity'];
  }

  getConfig(): tf.serialization.ConfigDict {
    const { learningRate, momentum, nesterov, weightDecay } = this;
    return { learningRate, momentum, nesterov, weightDecay };
  }

  protected override rule(weightDecay: number): SgdRule {
    const { learningRate, momentum, nesterov } = this;
    return { kind: 'sgd', learningRate, momentum, nesterov, weightDecay };
  }

  /** `g − λ start`, so that adding `λ p` gives `g + λ (p − start)`. */
  protected override pullTowards(start: tf.Tensor, update: VariableUpdate): VariableUpdate {
    return { ...update, gradient: tf.sub(update.gradient, tf.mul(start, update.weightDecay)) };
  }

  protected override update({
    parameter,
    gradient,
    slots,
    weightDecay,
  }: VariableUpdate): readonly tf.Tensor[] {
    const { learningRate, momentum, nesterov } = this;
    const [velocity] = slots;
    const decayed = () => (weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(parameter, weightDecay)));
    if (!velocity) return [tf.sub(parameter, tf.mul(decayed(), learningRate))];
    const attributes = { learningRate, momentum, weightDecay, nesterov };
    const results = runUpdateKernel(sgdKernel, { parameter, gradient, velocity }, attributes);
    if (results) return results;
    const decayedGradient = decayed();
    const next = tf.add(tf.mul(velocity, momentum), decayedGradient);
    const direction = nesterov ? tf.add(decayedGradient, tf.mul(next, momentum)) : next;
    return [tf.sub(parameter, tf.mul(direction, learningRate)), next];
  }
}
