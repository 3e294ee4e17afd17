import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { tableOfNames, tableOfNumbers } from './class-table.ts';

it('numbers names in natural order', () => {
  const table = tableOfNames(['p10', 'p2', 'p10', 'a'], 'set');
  expect(table.classNames).toEqual(['a', 'p2', 'p10']);
  expect([...table.labels]).toEqual([2, 1, 2, 0]);
});

it('numbers the labels that occur, ascending, and keeps −1', () => {
  const table = tableOfNumbers([900_000_000, 7, -1, 10, 7], 'set');
  expect(table.classNames).toEqual(['7', '10', '900000000']);
  expect([...table.labels]).toEqual([2, 0, -1, 1, 0]);
});

it('takes the names of another set, and refuses a class that is none of them', () => {
  expect([...tableOfNames(['b'], 'set', ['a', 'b', 'c']).labels]).toEqual([1]);
  expect([...tableOfNumbers([7, -1], 'set', ['5', '7']).labels]).toEqual([1, -1]);
  expect(() => tableOfNames(['d'], 'set', ['a'])).toThrow(DataError);
  expect(() => tableOfNumbers([8], 'set', ['5', '7'])).toThrow("set: the class '8' occurs");
});
