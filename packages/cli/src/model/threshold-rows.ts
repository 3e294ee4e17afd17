import { type DecidingThreshold, describeQuestion, type ModelDescription } from '@openset/verify';
import { counted, decimal } from '../evaluation/texts.ts';

/** A threshold with everything that is known about it. */
export interface StatedThreshold extends Omit<DecidingThreshold, 'question' | 'source'>, ThresholdFacts {
  /** Origin: that of a model's threshold, or `'gallery'` for the operating point of a gallery. */
  readonly source: DecidingThreshold['source'] | 'gallery';
}

type ThresholdFacts = Pick<ModelDescription, 'question' | 'thresholdInterval' | 'thresholdPeople'>;

/** Returns the threshold of a model's description. */
export function statedThreshold(
  description: ModelDescription,
  source: DecidingThreshold['source'] = description.thresholdSource,
): StatedThreshold {
  const { threshold, question = null, thresholdInterval = null, thresholdPeople = null } = description;
  return { threshold, source, question, thresholdInterval, thresholdPeople };
}

/**
 * Returns a threshold as labels and values: its cosine with its interval, its origin and the number of people
 * that it was estimated on, and in words the question that it answers.
 * @param digits number of decimals
 */
export function thresholdRows(
  { threshold, source, question, thresholdInterval: interval, thresholdPeople: people }: StatedThreshold,
  digits = 3,
): [string, string][] {
  const range = interval ? ` (${decimal(interval.low, digits)} to ${decimal(interval.high, digits)})` : '';
  const on = people ? `, ${counted(people, 'person', 'people')}` : '';
  return [
    ['threshold', `${decimal(threshold, digits)}${range}, ${source}${on}`],
    ...(question ? [['threshold for', describeQuestion(question)] as [string, string]] : []),
  ];
}
