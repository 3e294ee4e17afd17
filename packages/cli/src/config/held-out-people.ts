/** Number of held-out people from which the threshold loses less than a point (design: 20 lose up to 1.5, 40 up to 0.8). */
const wantedPeople = 40;
/** Number of held-out people from which their threshold is trusted. */
export const trustedPeople = 20;

/**
 * Returns how many people a run holds out by default, of those with two images or more: a tenth, at least 40, but at most a
 * third of a set with 60 people or more, and 20 of 40 to 60. Smaller sets cannot afford 20: they hold out a quarter, at least
 * 2, which choose the best weights and check the closed form of the learned threshold.
 *
 * | people | 4 | 8 | 20 | 39 | 40 | 60 | 100 | 120 | 200 | 982 | 10,000 |
 * |---|---|---|---|---|---|---|---|---|---|---|---|
 * | held out | 2 | 2 | 5 | 9 | 20 | 20 | 33 | 40 | 40 | 98 | 1,000 |
 *
 * @param people number of people with two images or more
 */
export function defaultHeldOutPeople(people: number): number {
  if (people < 2 * trustedPeople) return Math.max(2, Math.floor(people / 4));
  const affordable = Math.max(trustedPeople, Math.floor(people / 3));
  return Math.min(affordable, Math.max(wantedPeople, Math.round(people / 10)));
}
