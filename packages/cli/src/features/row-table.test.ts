import { hash } from 'node:crypto';
import { expect, it } from 'vitest';
import { RowTable } from './row-table.ts';

const key = (name: string) => new Uint8Array(hash('sha256', name, 'buffer')).subarray(0, 16);

it('finds the rows of many keys, also after it has grown', () => {
  const table = new RowTable();
  for (let row = 0; row < 5000; row++) table.set(key(`${row}`), row);
  expect(table.size).toBe(5000);
  for (let row = 0; row < 5000; row++) expect(table.get(key(`${row}`))).toBe(row);
  expect(table.get(key('5000'))).toBeUndefined();
});

it('keeps the last row of a key', () => {
  const table = new RowTable(10);
  table.set(key('a'), 7);
  table.set(key('a'), 3);
  expect([table.size, table.get(key('a'))]).toEqual([1, 3]);
});

it('tells keys apart that differ in their last byte only, wherever the bytes start', () => {
  const bytes = new Uint8Array(40);
  const [first, second] = [bytes.subarray(1, 17), bytes.subarray(20, 36)];
  second[15] = 1;
  const table = new RowTable();
  table.set(first, 0);
  table.set(second, 1);
  expect([table.get(first), table.get(second)]).toEqual([0, 1]);
});
