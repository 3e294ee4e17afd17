import { type Backbone, ConfigError, checkChoice, type OpenSetLoss } from '@openset/core';
import { type Cadence, checkCadence } from './cadence.ts';
import type { WeightAverage } from './weight-average.ts';

/** What an evaluation works on. */
export interface EvaluationContext {
  readonly backbone: Backbone;
  readonly loss: OpenSetLoss;
  /** Optimizer steps done. */
  readonly step: number;
  /** From 0: the epoch of the last step. */
  readonly epoch: number;
  /** Aborted when the run is to stop; a long evaluation may throw then, and is made when the run goes on. */
  readonly signal: AbortSignal | undefined;
}

/** An evaluation that is made now and then, by default after each epoch, and at the end of the run. */
export interface EvaluationOptions extends Cadence {
  /** Measures, and returns numbers by name. It changes no weights. */
  run(
    context: EvaluationContext,
  ): Readonly<Record<string, number>> | Promise<Readonly<Record<string, number>>>;
  /** Which number decides which weights are best, and whether the largest (default) or the smallest is. */
  readonly best?: { readonly metric: string; readonly mode?: 'max' | 'min' };
  /** Whether the averaged weights are measured, where there are any; default true. */
  readonly useAverage?: boolean;
}

/** An evaluation that was made. */
export interface EvaluationRecord {
  readonly step: number;
  readonly epoch: number;
  /** Null stands for a number that is not finite, which JSON does not have. */
  readonly values: Readonly<Record<string, number | null>>;
}

/** @throws ConfigError for options out of their range */
export function checkEvaluation(options: EvaluationOptions): void {
  checkCadence('evaluation', options);
  if (options.best?.mode !== undefined)
    checkChoice('evaluation.best.mode', options.best.mode, ['max', 'min']);
}

/** Which number decides what is best, and how: `max accuracy`; empty where nothing decides. */
export function bestMeasure({ best }: EvaluationOptions): string {
  return best ? `${best.mode ?? 'max'} ${best.metric}` : '';
}

/** What an evaluation found. */
export interface EvaluationResult {
  readonly values: Readonly<Record<string, number>>;
  /** The number that decides what is best, as one where more is better; null where nothing decides. */
  readonly score: number | null;
  readonly seconds: number;
}

/**
 * Makes an evaluation, with the averaged weights if there are any.
 * @returns null if it broke off because the run is to stop
 * @throws ConfigError if the number that decides is not among those returned, and what the evaluation throws
 */
export async function evaluate(
  options: EvaluationOptions,
  context: EvaluationContext,
  average: WeightAverage | null,
): Promise<EvaluationResult | null> {
  const { best, useAverage = true } = options;
  const begin = performance.now();
  const measure = () => options.run(context);
  let values: Readonly<Record<string, number>>;
  try {
    values = await (useAverage && average && !average.isEmpty ? average.use(measure) : measure());
  } catch (error) {
    if (context.signal?.aborted) return null;
    throw error;
  }
  const seconds = (performance.now() - begin) / 1000;
  if (!best) return { values, score: null, seconds };
  const value = values[best.metric];
  if (value === undefined) {
    const found = Object.keys(values).join(', ') || 'nothing';
    throw new ConfigError(
      `evaluation.best.metric is '${best.metric}', but the evaluation returned ${found}.`,
    );
  }
  return { values, score: best.mode === 'min' ? -value : value, seconds };
}
