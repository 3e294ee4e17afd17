import { expect, it } from 'vitest';
import { splitFields, splitRows } from './separated-fields.ts';

it('splits at quotes as RFC 4180', () => {
  expect(splitFields('"a ""b"", c" , d,', ',')).toEqual(['a "b", c', 'd', '']);
  expect(splitFields('  "a b"  c ', ' ')).toEqual(['a b', 'c']);
  expect(splitFields('a"b,c', ',')).toEqual(['a"b', 'c']);
  expect(splitFields('"a"b,c', ',')).toBe('text follows a quoted field');
  expect(splitFields('"a","b" c', ' ')).toBe('text follows a quoted field');
  expect(splitFields('"a,b', ',')).toBe('a quoted field does not end');
});

it('drops empty fields at the end of a line, and no others', () => {
  const line = { text: ',a,,b, ,', number: 1, location: 'line 1' };
  expect(splitRows([line], ',')[0]).toEqual({ ...line, fields: ['', 'a', '', 'b'], problem: null });
  expect(splitRows([{ ...line, text: '"a' }], ',')[0]).toMatchObject({
    fields: [],
    problem: 'a quoted field does not end',
  });
});
