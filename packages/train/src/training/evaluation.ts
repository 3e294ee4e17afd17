import { type Backbone, ConfigError, checkChoice, type OpenSetLoss } from '@openset/core';
import { type Cadence, checkCadence } from './cadence.ts';
import type { WeightAverage } from './weight-average.ts';

/** Input of an evaluation. */
export interface EvaluationContext {
  /** Network with the weights to evaluate. */
  readonly backbone: Backbone;
  /** Loss with the weights to evaluate. */
  readonly loss: OpenSetLoss;
  /** Number of optimizer steps done. */
  readonly step: number;
  /** Epoch of the last step, counted from 0. */
  readonly epoch: number;
  /** Aborted when the run should stop. A long evaluation may then throw; the resumed run repeats it. */
  readonly signal: AbortSignal | undefined;
}

/** Metrics by name. A text is the reason why a metric has no value yet. */
export type EvaluationMetrics = Readonly<Record<string, number | string>>;

/** A repeated evaluation: by default after each epoch, and always at the end of the run. */
export interface EvaluationOptions extends Cadence {
  /** Returns metrics by name. It must not change weights. */
  run(context: EvaluationContext): EvaluationMetrics | Promise<EvaluationMetrics>;
  /**
   * Metric that decides which weights are best, and whether its maximum (default) or minimum is best. Weights for which it
   * has no value, or is NaN, are never best.
   */
  readonly best?: { readonly metric: string; readonly mode?: 'max' | 'min' };
  /** Whether to evaluate the averaged weights, if there are any; default true. */
  readonly useAverage?: boolean;
}

/** A finished evaluation. */
export interface EvaluationRecord {
  /** Number of optimizer steps before the evaluation. */
  readonly step: number;
  /** Epoch of the last step, counted from 0. */
  readonly epoch: number;
  /** Metrics by name; null for one without a value and for a non-finite number, which JSON lacks. */
  readonly values: Readonly<Record<string, number | null>>;
}

/** Checks the options. @throws ConfigError for options out of range */
export function checkEvaluation(options: EvaluationOptions): void {
  checkCadence('evaluation', options);
  if (options.best?.mode !== undefined)
    checkChoice('evaluation.best.mode', options.best.mode, ['max', 'min']);
}

/** Returns the rule for the best weights, such as `max accuracy`; empty if there is none. */
export function bestMeasure({ best }: EvaluationOptions): string {
  return best ? `${best.mode ?? 'max'} ${best.metric}` : '';
}

/** Result of an evaluation. */
export interface EvaluationResult {
  /** NaN for a metric without a value. */
  readonly values: Readonly<Record<string, number>>;
  /** Why metrics have no value, by name. */
  readonly reasons: Readonly<Record<string, string>>;
  /** The metric that decides what is best, negated for a minimum; null if there is none. */
  readonly score: number | null;
  readonly seconds: number;
}

/**
 * Runs an evaluation, with the averaged weights if there are any.
 * @returns null if the evaluation threw because the run should stop
 * @throws ConfigError if the evaluation does not return the metric that decides, and what the evaluation throws
 */
export async function evaluate(
  options: EvaluationOptions,
  context: EvaluationContext,
  average: WeightAverage | null,
): Promise<EvaluationResult | null> {
  const { best, useAverage = true } = options;
  const begin = performance.now();
  const runEvaluation = () => options.run(context);
  let metrics: EvaluationMetrics;
  try {
    metrics = await (useAverage && average && !average.isEmpty
      ? average.use(runEvaluation)
      : runEvaluation());
  } catch (error) {
    if (context.signal?.aborted) return null;
    throw error;
  }
  const seconds = (performance.now() - begin) / 1000;
  const values: Record<string, number> = {};
  const reasons: Record<string, string> = {};
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === 'string') reasons[name] = value;
    values[name] = typeof value === 'string' ? Number.NaN : value;
  }
  if (!best) return { values, reasons, score: null, seconds };
  const value = values[best.metric];
  if (value === undefined) {
    const found = Object.keys(values).join(', ') || 'nothing';
    throw new ConfigError(
      `evaluation.best.metric is '${best.metric}', but the evaluation returned ${found}.`,
    );
  }
  return { values, reasons, score: best.mode === 'min' ? -value : value, seconds };
}
