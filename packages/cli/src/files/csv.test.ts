import { expect, it } from 'vitest';
import { decodeCsv, encodeCsv } from './csv.ts';

it('quotes fields with commas, quotes and line ends', () => {
  expect(
    encodeCsv([
      ['path', 'reason'],
      ['a,b.jpg', 'says "no"'],
      ['line\nfeed', ''],
    ]),
  ).toBe('path,reason\n"a,b.jpg","says ""no"""\n"line\nfeed",\n');
});

it('restores all fields', () => {
  const texts = ['', ' ', 'a', ',', '"', '""', '\n', '\r\n', 'Jos\u00e9, "x"\n', "'", '\\', '\t', '😀'];
  const rows = texts.flatMap((first) => texts.map((second) => [first, second]));
  expect(decodeCsv(encodeCsv(rows))).toEqual(rows);
  expect(decodeCsv('')).toEqual([]);
});
