import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { hexFile, textFile } from './__fixtures__/files.ts';
import { parseInteger, readLineBatches, readTextLines } from './text-lines.ts';

describe('readTextLines', () => {
  it('accepts all line endings, a byte order mark and a last line without ending', async () => {
    const { lines, skipped, lineCount } = await readTextLines(textFile('\uFEFFa\r\n\n  \nb\nc\rd'));
    expect(lines).toEqual([
      { text: 'a', number: 1, location: 'list.txt, line 1' },
      { text: 'b', number: 4, location: 'list.txt, line 4' },
      { text: 'c', number: 5, location: 'list.txt, line 5' },
      { text: 'd', number: 6, location: 'list.txt, line 6' },
    ]);
    expect(skipped).toEqual([
      { line: 2, reason: 'blank' },
      { line: 3, reason: 'blank' },
    ]);
    expect(lineCount).toBe(6);
    expect(await readTextLines(textFile(''))).toEqual({ lines: [], skipped: [], lineCount: 0 });
  });

  it('skips comments, but no names that begin with #', async () => {
    const { lines, skipped } = await readTextLines(textFile('# a b\n#\n  #\tc\n#a\n"# b"\na # b\n'));
    expect(lines.map(({ text }) => text)).toEqual(['#a', '"# b"', 'a # b']);
    expect(skipped.map(({ line, reason }) => [line, reason])).toEqual([
      [1, 'comment'],
      [2, 'comment'],
      [3, 'comment'],
    ]);
  });

  it('rejects text that is not UTF-8', async () => {
    await expect(readTextLines(hexFile('41 e9 0a'))).rejects.toThrow('are not UTF-8');
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

  it('splits a long file whose lines end with carriage returns', async () => {
    const text = 'abc\r'.repeat(400_000);
    let count = 0;
    for await (const { lines } of readLineBatches(textFile(text))) {
      count += lines.length;
      expect(lines.every((line) => line === 'abc')).toBe(true);
    }
    expect(count).toBe(400_000);
  });

  it('rejects a line that does not end', async () => {
    const file = bytesFile('image.jpg', new Uint8Array(2_000_000).fill(0x41));
    await expect(readTextLines(file)).rejects.toThrow('image.jpg, line 1: is longer than 1048576 bytes');
  });
});

it('parseInteger accepts only decimal digits within the range', () => {
  expect(parseInteger('0012', 'here')).toBe(12);
  expect(parseInteger('-1', 'here', { minimum: -1 })).toBe(-1);
  for (const text of ['', ' 1', '1.0', '1e3', '0x10', '-1', '2147483648', '9'.repeat(30), 'NaN']) {
    expect(() => parseInteger(text, 'here'), text).toThrow(DataError);
  }
});
