import { describeQuestion, type ModelDescription } from '@openset/verify';
import { decimal } from '../evaluation/texts.ts';
import type { DecidingThreshold } from './thresholds.ts';

/** A threshold with everything that is known about it. */
export interface StatedThreshold extends Omit<DecidingThreshold, 'question'>, ThresholdFacts {}

type ThresholdFacts = Pick<ModelDescription, 'question' | 'thresholdInterval'>;

/** Returns the threshold of a model's description. */
export function statedThreshold(
  { threshold, thresholdSource, question = null, thresholdInterval = null }: ModelDescription,
  source: DecidingThreshold['source'] = thresholdSource,
): StatedThreshold {
  return { threshold, source, question, thresholdInterval };
}

/**
 * Returns a threshold as labels and values: its cosine with its interval and its origin, and in words the question that it answers.
 * @param digits number of decimals
 */
export function thresholdRows(
  { threshold, source, question, thresholdInterval: interval }: StatedThreshold,
  digits = 3,
): [string, string][] {
  const range = interval ? ` (${decimal(interval.low, digits)} to ${decimal(interval.high, digits)})` : '';
  return [
    ['threshold', `${decimal(threshold, digits)}${range}, ${source}`],
    ...(question ? [['threshold for', describeQuestion(question)] as [string, string]] : []),
  ];
}
