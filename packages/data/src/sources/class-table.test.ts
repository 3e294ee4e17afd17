import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { classTableFromNames, classTableFromNumbers } from './class-table.ts';

it('numbers names in natural order', () => {
  const table = classTableFromNames(['p10', 'p2', 'p10', 'a'], 'set');
  expect(table.classNames).toEqual(['a', 'p2', 'p10']);
  expect([...table.labels]).toEqual([2, 1, 2, 0]);
});

it('numbers the distinct labels in ascending order and keeps −1', () => {
  const table = classTableFromNumbers([900_000_000, 7, -1, 10, 7], 'set');
  expect(table.classNames).toEqual(['7', '10', '900000000']);
  expect([...table.labels]).toEqual([2, 0, -1, 1, 0]);
});

it('uses the class names of another set and rejects other classes', () => {
  expect([...classTableFromNames(['b'], 'set', ['a', 'b', 'c']).labels]).toEqual([1]);
  expect([...classTableFromNumbers([7, -1], 'set', ['5', '7']).labels]).toEqual([1, -1]);
  expect(() => classTableFromNames(['d'], 'set', ['a'])).toThrow(DataError);
  expect(() => classTableFromNumbers([8], 'set', ['5', '7'])).toThrow(
    "set: the class '8' is not among the 2 given class names",
  );
});

it('takes the Unicode forms of a name as one name', () => {
  const table = classTableFromNames(['Zoe\u0308', 'Anna', 'Zo\u00eb'], 'set');
  expect(table.classNames).toEqual(['Anna', 'Zo\u00eb']);
  expect([...table.labels]).toEqual([1, 0, 1]);
  const given = ['Zoe\u0308', 'Anna'];
  expect(classTableFromNames(['Anna', 'Zo\u00eb', 'Zoe\u0308'], 'set', given)).toEqual({
    classNames: given,
    labels: Int32Array.of(1, 0, 0),
  });
});
