import { checkShare, checkWhole } from './checks.ts';

/** Factor of the promised rate that the upper end of the true one should stay below. */
const wantedFactor = 2;

/**
 * Returns how many people make a promised rate trustworthy: so many that the upper end of the true rate's confidence interval is
 * about twice the promise. The width of the interval of a rate's logarithm falls with the root of the number of people.
 *
 * @param people number of people that the bound comes from, at least 1
 * @param rate promised or estimated rate, in `[0, 1]`
 * @param bound upper end of the true rate, in `[0, 1]`
 * @returns a whole number, at most `people` if the bound is low enough already; null for a rate of 0, which nobody can promise
 * @throws MetricsError if an argument is out of range
 */
export function peopleNeeded(people: number, rate: number, bound: number): number | null {
  const caller = 'peopleNeeded';
  checkWhole(`${caller}: people`, people, 1);
  checkShare(`${caller}: rate`, rate);
  checkShare(`${caller}: bound`, bound);
  if (rate === 0) return null;
  if (bound <= rate) return 1;
  return Math.ceil(people * (Math.log(bound / rate) / Math.log(wantedFactor)) ** 2);
}
