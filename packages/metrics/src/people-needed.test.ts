import { expect, it } from 'vitest';
import { MetricsError } from './metrics-error.ts';
import { peopleNeeded } from './people-needed.ts';

it.each([
  ['a bound of twice the rate', 40, 0.01, 0.02, 40],
  ['four times: four times as many', 20, 0.01, 0.04, 80],
  ['eight times', 20, 0.01, 0.08, 180],
  ['a low bound', 100, 0.01, 0.0125, 11],
  ['no room above', 30, 0.2, 0.2, 1],
  ['a rate of 0', 30, 0, 0.1, null],
])('asks for enough people: %s', (_, people, rate, bound, expected) => {
  expect(peopleNeeded(people, rate, bound)).toBe(expected);
});

it('rejects numbers out of range', () => {
  expect(() => peopleNeeded(0, 0.1, 0.2)).toThrow(MetricsError);
  expect(() => peopleNeeded(5, 0.1, 1.2)).toThrow('bound');
  expect(() => peopleNeeded(5, Number.NaN, 0.2)).toThrow('rate');
});
