import { ConfigError } from './errors.ts';

/**
 * The question that a threshold answers. A threshold is right for one prior or one promise, and wrong for others:
 *
 * - `pair`: two images show the same identity, yes or no, with as few errors as possible. `odds` is
 *   `P(same) : P(different)` among the pairs, finite and above 0; 1 for as many pairs of each kind.
 * - `gallery`: which of `size` people, or nobody, with as few errors as possible. With a `rate`: at most this share of strangers
 *   is accepted. `size` is a whole number of at least 1; `rate` is above 0 and below 1.
 * - `far`: same or not, so that at most the share `rate` of pairs of different identities is accepted; `rate` in [0, 1].
 */
export type ThresholdQuestion =
  | { readonly kind: 'pair'; readonly odds: number }
  | { readonly kind: 'gallery'; readonly size: number; readonly rate?: number }
  | { readonly kind: 'far'; readonly rate: number };

/**
 * Checks a question.
 * @throws ConfigError if its kind is unknown or its number is out of range
 */
export function checkQuestion(question: ThresholdQuestion): void {
  const problem = questionProblem(question);
  if (problem !== null) throw new ConfigError(problem);
}

/** Returns what is wrong with a value that should be a question; null if nothing is. */
export function questionProblem(value: unknown): string | null {
  const { kind, odds, size, rate } = (value ?? {}) as Readonly<Record<string, unknown>>;
  switch (kind) {
    case 'pair':
      return isNumber(odds) && odds > 0
        ? null
        : `The odds of a threshold's question must be a finite number above 0, but are ${String(odds)}.`;
    case 'gallery':
      if (!(Number.isInteger(size) && (size as number) >= 1)) {
        return `The gallery of a threshold's question must have a whole number of people, at least 1, but has ${String(size)}.`;
      }
      return rate === undefined || (isNumber(rate) && rate > 0 && rate < 1)
        ? null
        : `The rate of a question about a gallery must be above 0 and below 1, but is ${String(rate)}.`;
    case 'far':
      return isNumber(rate) && rate >= 0 && rate <= 1
        ? null
        : `The rate of a threshold's question must be a number from 0 to 1, but is ${String(rate)}.`;
    default:
      return `A threshold's question must be of the kind 'pair', 'gallery' or 'far', but is of the kind '${String(kind)}'.`;
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
