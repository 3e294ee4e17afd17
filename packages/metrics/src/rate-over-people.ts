import { normalDeviate } from './normal-deviate.ts';

/** An error rate with its confidence interval over people. */
export interface RateOverPeople {
  /** Share of the pairs that are decided wrongly. */
  readonly rate: number;
  /** Lower end of the confidence interval. */
  readonly low: number;
  /** Upper end of the confidence interval. */
  readonly high: number;
  /** Number of pairs that are decided wrongly. */
  readonly errors: number;
  /** Number of pairs. */
  readonly pairs: number;
}

/** Pairs of one person. */
export interface PairsOfPerson {
  /** Number of the person's pairs that are decided wrongly. */
  readonly errors: number;
  /** Number of the person's pairs. */
  readonly pairs: number;
}

/**
 * Returns an error rate with an interval that respects that pairs share people.
 *
 * The interval is Wilson's score interval (JASA 22, 1927) for as many independent trials as have the rate's variance, by the
 * jackknife that leaves out one person at a time (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 11). If no
 * variance can be seen, as without errors, each person (or each two people) counts as one trial.
 *
 * @param people pairs of each person; people without pairs are skipped
 * @param peopleOfPair 1 if a pair shows one person, 2 if it shows two and so is in the counts of both
 * @param confidence in `(0, 1)`
 * @returns null without pairs
 */
export function rateOverPeople(
  people: readonly PairsOfPerson[],
  peopleOfPair: 1 | 2,
  confidence: number,
): RateOverPeople | null {
  const counted = people.filter((person) => person.pairs > 0);
  if (counted.length === 0) return null;
  const sum = (key: keyof PairsOfPerson) =>
    counted.reduce((total, person) => total + person[key], 0) / peopleOfPair;
  const [errors, pairs] = [sum('errors'), sum('pairs')];
  const rate = errors / pairs;
  const count = counted.length;
  const without = counted.map((person) => (errors - person.errors) / (pairs - person.pairs));
  const center = without.reduce((total, other) => total + other, 0) / count;
  const squares = without.reduce((total, other) => total + (other - center) ** 2, 0);
  const variance = ((count - 1) / count) * squares;
  // NaN if all pairs are of one person.
  const trials =
    variance > 0
      ? Math.min((rate * (1 - rate)) / variance, pairs)
      : peopleOfPair === 1
        ? count
        : (count * (count - 1)) / 2;
  return { rate, ...scoreInterval(rate, trials, confidence), errors, pairs };
}

/** Returns Wilson's score interval of a rate in a number of trials. */
function scoreInterval(rate: number, trials: number, confidence: number) {
  const squared = normalDeviate((1 + confidence) / 2) ** 2 / trials;
  const center = (rate + squared / 2) / (1 + squared);
  const half = Math.sqrt(squared * (rate * (1 - rate) + squared / 4)) / (1 + squared);
  return {
    low: Math.max(0, Math.min(rate, center - half)),
    high: Math.min(1, Math.max(rate, center + half)),
  };
}
