import * as tf from '@tensorflow/tfjs-core';
import type {
  LearnedThreshold,
  LossConfig,
  LossContext,
  LossStep,
  OpenSetLoss,
  StateStep,
} from './contract.ts';
import { ConfigError, checkNumber, DataError } from './errors.ts';
import { describeLoss, isLoss } from './loss-descriptor.ts';
import { didYouMean } from './nearest-word.ts';
import { resolveLossOptions } from './resolve-loss-options.ts';
import { epochNumber, hasEnded, hasStarted } from './start-epoch.ts';
import { makeStep } from './stateful-loss.ts';
import { stopGradient, weightedSum } from './tape.ts';

/** One part of a `CombinedLoss`. */
export interface CombinedPart {
  /** Loss of the part, over the same batches as all others. */
  readonly loss: OpenSetLoss;
  /** Factor of this part; default 1. */
  readonly weight?: number;
  /** First epoch in which the part counts, counted from 1; default 1. */
  readonly startEpoch?: number;
  /** Last epoch in which the part counts, counted from 1, at least `startEpoch`; default: it never ends. */
  readonly endEpoch?: number;
}

/** Options of `CombinedLoss`. */
export interface CombinedLossOptions {
  /** `'sum'` (default): Σ weight · loss. `'mean'`: that sum divided by the number of active parts. */
  readonly combination?: 'sum' | 'mean';
  /** Name of the part whose learned threshold to use; required if more than one part learns one. */
  readonly thresholdFrom?: string;
}

/** The descriptor of `CombinedLoss`. */
export const combinedLossDescriptor = /* @__PURE__ */ describeLoss(() => ({
  name: 'CombinedLoss',
  package: '@openset/core',
  summary: 'weighted sum or mean of several losses, each with optional first and last epochs',
  use: 'for combinations that have no loss of their own',
  source: 'this project',
  threshold: null,
  thresholdCondition: 'that of one part',
  hasClassWeights: false,
  words: {},
  options: {
    parts: {
      type: 'parts',
      required: true,
      description: 'losses by name, each alone or with `weight`, `startEpoch` and `endEpoch`',
    },
    combination: {
      type: 'choice',
      choices: ['sum', 'mean'],
      default: 'sum',
      description: '`sum`: Σ weight · loss; `mean`: that sum divided by the number of active parts',
    },
    thresholdFrom: {
      type: 'text',
      description:
        'name of the part whose learned threshold to use; required if more than one part learns one',
    },
  },
  create: ({ parts, ...options }: CombinedLossOptions & { parts: Parts }): OpenSetLoss =>
    new CombinedLoss(parts, options),
  conformance: [],
}));

/** The keys of `CombinedPart`. */
const partOptions = ['loss', 'weight', 'startEpoch', 'endEpoch'];

type Parts = Readonly<Record<string, OpenSetLoss | CombinedPart>>;

/**
 * Weighted sum or mean of several losses of the same batch. An inactive part, before its start epoch or after its end epoch,
 * is not computed, but its memory observes the batch. State tensors are named `part.tensor`.
 */
export class CombinedLoss implements OpenSetLoss {
  readonly name: string = 'CombinedLoss';
  readonly trainable: readonly tf.Variable[];
  readonly memory: readonly tf.Variable[];
  protected readonly parts: ReadonlyMap<string, CombinedPart>;
  private readonly options: CombinedLossOptions;

  /**
   * Takes ownership of the parts: `dispose()` disposes of them.
   * @throws ConfigError if there are no parts, if a part is not a loss, if its name contains a dot, if it ends before it
   *   starts, or if an option is unknown or out of range
   */
  constructor(parts: Parts, options: CombinedLossOptions = {}) {
    resolveLossOptions(combinedLossDescriptor, { ...options, parts });
    const entries = Object.entries(parts).map(
      ([key, part]) => [key, 'loss' in part ? part : { loss: part }] as const,
    );
    if (entries.length === 0) throw new ConfigError('A CombinedLoss needs at least one part.');
    for (const [key, part] of entries) {
      const { loss, weight = 1, startEpoch = 1, endEpoch = Number.MAX_SAFE_INTEGER } = part;
      if (key.includes('.')) throw new ConfigError(`The part name '${key}' contains a dot; rename the part.`);
      if (!isLoss(loss)) {
        throw new ConfigError(
          `The part '${key}' has no loss. Pass a loss, or use createLoss for configurations.`,
        );
      }
      const unknown = Object.keys(part).find((option) => !partOptions.includes(option));
      if (unknown !== undefined) {
        throw new ConfigError(
          `The part '${key}' has no option '${unknown}'.${didYouMean(unknown, partOptions)} Its options are ${partOptions.join(', ')}.`,
        );
      }
      checkNumber(`weight of '${key}'`, weight);
      checkNumber(`startEpoch of '${key}'`, startEpoch, { minimum: 1, integer: true });
      checkNumber(`endEpoch of '${key}'`, endEpoch, { minimum: startEpoch, integer: true });
    }
    if (options.thresholdFrom !== undefined && !(options.thresholdFrom in parts)) {
      throw new ConfigError(
        `thresholdFrom is '${options.thresholdFrom}', but the parts are ${Object.keys(parts).join(', ')}.`,
      );
    }
    this.parts = new Map(entries);
    this.options = options;
    this.trainable = entries.flatMap(([, { loss }]) => loss.trainable);
    this.memory = entries.flatMap(([, { loss }]) => loss.memory);
  }

  forward(embeddings: tf.Tensor2D, labels: tf.Tensor1D | tf.Tensor2D, context?: LossContext): LossStep {
    const steps: StateStep[] = [];
    const all = combineSteps(steps);
    try {
      const step = makeStep(() => {
        const losses: tf.Scalar[] = [];
        const rows: (tf.Tensor1D | undefined)[] = [];
        const weights: number[] = [];
        for (const [key, part] of this.parts) {
          if (isActive(key, part, context)) {
            const partStep = part.loss.forward(embeddings, labels, context);
            steps.push(partStep);
            losses.push(partStep.loss);
            rows.push(partStep.rowLosses);
            weights.push(part.weight ?? 1);
          } else if (part.loss.observe) {
            steps.push(part.loss.observe(embeddings, labels as tf.Tensor1D, context));
          }
        }
        if (losses.length === 0) {
          throw new ConfigError(
            `No part of the ${this.name} is active in epoch ${epochNumber(context?.epoch ?? 0)}. Change startEpoch or endEpoch of a part.`,
          );
        }
        const share = this.options.combination === 'mean' ? 1 / losses.length : 1;
        const factors = weights.map((weight) => weight * share);
        return {
          loss: weightedSum(losses, factors),
          rowLosses: sumOfRows(rows, factors),
          commit: all.commit,
        };
      });
      return {
        ...step,
        dispose: () => {
          all.dispose();
          step.dispose();
        },
      };
    } catch (error) {
      all.dispose();
      throw error;
    }
  }

  /** Returns a step in which the memory of every part observes the batch. */
  observe(embeddings: tf.Tensor2D, labels: tf.Tensor1D, context?: LossContext): StateStep {
    const steps: StateStep[] = [];
    const all = combineSteps(steps);
    try {
      for (const { loss } of this.parts.values()) {
        const step = loss.observe?.(embeddings, labels, context);
        if (step) steps.push(step);
      }
    } catch (error) {
      all.dispose();
      throw error;
    }
    return all;
  }

  /**
   * Returns the threshold of the part `thresholdFrom`, or of the only part that has one; null if no part has one.
   * @throws ConfigError if more than one part has a threshold and `thresholdFrom` is missing. USS has one after its first
   *   scored batch.
   */
  threshold(): LearnedThreshold | null {
    const { thresholdFrom } = this.options;
    if (thresholdFrom !== undefined) return this.parts.get(thresholdFrom)?.loss.threshold() ?? null;
    const learned = [...this.parts].map(([key, { loss }]) => ({ key, threshold: loss.threshold() }));
    const found = learned.filter(({ threshold }) => threshold !== null);
    if (found.length > 1) {
      const keys = found.map(({ key, threshold }) => `'${key}' (between ${threshold?.between})`).join(', ');
      throw new ConfigError(
        `More than one part learns a threshold: ${keys}. Set thresholdFrom to one of them.`,
      );
    }
    return found[0]?.threshold ?? null;
  }

  getConfig(): LossConfig {
    const parts = [...this.parts].map(([key, part]) => [key, { ...part, loss: part.loss.getConfig() }]);
    return { loss: this.name, ...this.options, parts: Object.fromEntries(parts) };
  }

  getState(): tf.NamedTensorMap {
    const state: tf.NamedTensorMap = {};
    for (const [key, { loss }] of this.parts) {
      for (const [name, tensor] of Object.entries(loss.getState())) state[`${key}.${name}`] = tensor;
    }
    return state;
  }

  setState(state: tf.NamedTensorMap): void {
    const byPart = new Map<string, tf.NamedTensorMap>([...this.parts.keys()].map((key) => [key, {}]));
    for (const [name, tensor] of Object.entries(state)) {
      const dot = name.indexOf('.');
      const part = byPart.get(name.slice(0, dot));
      if (!part) {
        throw new DataError(
          `The state tensor '${name}' belongs to no part of this ${this.name}. Its parts are ${[...this.parts.keys()].join(', ')}.`,
        );
      }
      part[name.slice(dot + 1)] = tensor;
    }
    // If one part rejects its state, restore the others.
    const before = this.getState();
    try {
      for (const [key, { loss }] of this.parts) loss.setState(byPart.get(key) as tf.NamedTensorMap);
    } catch (error) {
      for (const [key, { loss }] of this.parts) loss.setState(stateOf(before, key));
      throw error;
    } finally {
      tf.dispose(before);
    }
  }

  dispose(): void {
    for (const { loss } of this.parts.values()) loss.dispose();
  }
}

/** Returns the losses of the samples over all parts; undefined if a part has none. */
function sumOfRows(
  rows: readonly (tf.Tensor1D | undefined)[],
  factors: readonly number[],
): tf.Tensor1D | undefined {
  if (rows.includes(undefined)) return undefined;
  return stopGradient(() => {
    const terms = rows.map((row, index) => tf.mul(row as tf.Tensor1D, factors[index]!) as tf.Tensor1D);
    return terms.reduce((sum, term) => tf.add(sum, term));
  });
}

/** Returns one step for all steps in a list, including those added later. */
function combineSteps(steps: readonly StateStep[]): StateStep {
  return {
    commit: () => {
      for (const step of steps) step.commit();
    },
    dispose: () => {
      for (const step of steps) step.dispose();
    },
  };
}

function isActive(
  key: string,
  { startEpoch = 1, endEpoch }: CombinedPart,
  context: LossContext | undefined,
): boolean {
  if (endEpoch !== undefined && hasEnded(`The part '${key}'`, endEpoch, context)) return false;
  return hasStarted(`The part '${key}'`, startEpoch, context);
}

function stateOf(state: tf.NamedTensorMap, part: string): tf.NamedTensorMap {
  const own = Object.entries(state).filter(([name]) => name.startsWith(`${part}.`));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(part.length + 1), tensor]));
}
