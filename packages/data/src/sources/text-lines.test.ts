import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { hexFile, textFile } from './__fixtures__/files.ts';
import { parseWhole, readLineBatches, readLines } from './text-lines.ts';

describe('readLines', () => {
  it('takes every kind of line end, a byte order mark, empty lines and a last line without end', async () => {
    const lines = await readLines(textFile('\uFEFFa\r\n\n  \nb\nc'));
    expect(lines).toEqual([
      { text: 'a', place: 'list.txt, line 1' },
      { text: 'b', place: 'list.txt, line 4' },
      { text: 'c', place: 'list.txt, line 5' },
    ]);
    expect(await readLines(textFile(''))).toEqual([]);
  });

  it('refuses what is not UTF-8', async () => {
    await expect(readLines(hexFile('41 e9 0a'))).rejects.toThrow('are not UTF-8');
  });
});

describe('readLineBatches', () => {
  it('cuts a long file between lines and counts on', async () => {
    // 11 bytes a line, and a character of two bytes in each: no batch of a mebibyte ends with a line.
    const count = 300_000;
    const text = Array.from({ length: count }, (_, index) => `é${String(index).padStart(8, '0')}\n`).join('');
    const batches: number[] = [];
    let next = 0;
    for await (const { lines, firstNumber } of readLineBatches(textFile(text))) {
      batches.push(lines.length);
      expect(firstNumber).toBe(next + 1);
      for (const line of lines) if (line !== `é${String(next++).padStart(8, '0')}`) expect.fail(line);
    }
    expect(next).toBe(count);
    expect(batches.length).toBeGreaterThan(2);
  });

  it('refuses a line that does not end', async () => {
    const file = bytesFile('picture.jpg', new Uint8Array(2_000_000).fill(0x41));
    await expect(readLines(file)).rejects.toThrow('picture.jpg, line 1: is longer than 1048576 bytes');
  });
});

it('parseWhole takes decimal digits within the range and nothing else', () => {
  expect(parseWhole('0012', 'here')).toBe(12);
  expect(parseWhole('-1', 'here', { minimum: -1 })).toBe(-1);
  for (const text of ['', ' 1', '1.0', '1e3', '0x10', '-1', '2147483648', '9'.repeat(30), 'NaN']) {
    expect(() => parseWhole(text, 'here'), text).toThrow(DataError);
  }
});
