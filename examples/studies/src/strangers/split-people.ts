import { randomNumbers } from '@openset/core';

/** People to train on, and people held out to estimate thresholds on. */
export interface PeopleSplit {
  readonly trained: readonly number[];
  readonly held: readonly number[];
}

/** Returns how many people `openset train` holds out by default: a tenth, at least 40, but at most a third. */
export function heldOutPeople(people: number): number {
  return Math.min(Math.floor(people / 3), Math.max(40, Math.round(people / 10)));
}

/**
 * Draws some people of the training folder and holds out some of them. The seed decides both.
 * @param of number of people in the folder
 * @param held number of people to hold out
 */
export function splitPeople(of: number, people: number, held: number, seed: number): PeopleSplit {
  const chosen = shuffled(of, seed).slice(0, people);
  return { held: chosen.slice(0, held), trained: chosen.slice(held) };
}

/** Returns the numbers below an end in random order. */
export function shuffled(end: number, seed: number): number[] {
  const random = randomNumbers(seed);
  const numbers = Array.from({ length: end }, (_, index) => index);
  for (let last = end - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [numbers[last], numbers[other]] = [numbers[other]!, numbers[last]!];
  }
  return numbers;
}
