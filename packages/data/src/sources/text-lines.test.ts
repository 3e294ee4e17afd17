import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { hexFile, textFile } from './__fixtures__/files.ts';
import { parseInteger, readLineBatches, readLines } from './text-lines.ts';

describe('readLines', () => {
  it('accepts all line endings, a byte order mark, empty lines and a last line without ending', async () => {
    const lines = await readLines(textFile('\uFEFFa\r\n\n  \nb\nc'));
    expect(lines).toEqual([
      { text: 'a', location: 'list.txt, line 1' },
      { text: 'b', location: 'list.txt, line 4' },
      { text: 'c', location: 'list.txt, line 5' },
    ]);
    expect(await readLines(textFile(''))).toEqual([]);
  });

  it('rejects text that is not UTF-8', async () => {
    await expect(readLines(hexFile('41 e9 0a'))).rejects.toThrow('are not UTF-8');
  });
});

describe('readLineBatches', () => {
  it('splits a long file between lines and continues the line numbers', async () => {
    // Lines of 11 bytes with a two-byte character: no chunk of a mebibyte ends with a line.
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

  it('rejects a line that does not end', async () => {
    const file = bytesFile('image.jpg', new Uint8Array(2_000_000).fill(0x41));
    await expect(readLines(file)).rejects.toThrow('image.jpg, line 1: is longer than 1048576 bytes');
  });
});

it('parseInteger accepts only decimal digits within the range', () => {
  expect(parseInteger('0012', 'here')).toBe(12);
  expect(parseInteger('-1', 'here', { minimum: -1 })).toBe(-1);
  for (const text of ['', ' 1', '1.0', '1e3', '0x10', '-1', '2147483648', '9'.repeat(30), 'NaN']) {
    expect(() => parseInteger(text, 'here'), text).toThrow(DataError);
  }
});
