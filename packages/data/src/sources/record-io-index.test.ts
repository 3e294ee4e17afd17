import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { bytesFile } from '../byte-file.ts';
import { recordSet, textFile } from './__fixtures__/files.ts';
import { findRecord, readRecordIndex, scanRecords } from './record-io-index.ts';

describe('readRecordIndex', () => {
  it('reads numbers and offsets, sorted by number', async () => {
    const index = await readRecordIndex(textFile('7\t0\n2\t40\r\n5\t24\n'), 100);
    expect([...index.keys]).toEqual([2, 5, 7]);
    expect([...index.offsets]).toEqual([40, 24, 0]);
    expect([1, 2, 5, 7, 8].map((key) => findRecord(index, key))).toEqual([-1, 0, 1, 2, -1]);
  });

  it.each([
    ['a number alone', '0\n', "line 1: expected a record number, a tab and an offset, found '0'"],
    ['three fields', '0\t0\n1\t8\t9\n', 'line 2: expected a record number'],
    ['an offset that is not a number', '0\tx\n', "line 1: 'x' is not an integer"],
    ['an offset beyond the end', '0\t96\n', 'line 1: the offset 96 must be a multiple of 4 below 100'],
    ['an unaligned offset', '0\t6\n', 'the offset 6 must be a multiple of 4'],
    ['a duplicate record', '1\t0\n0\t8\n1\t16\n', 'record 1 occurs twice'],
  ])('rejects %s', async (_, text, message) => {
    const reading = readRecordIndex(textFile(text), 100);
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe('scanRecords', () => {
  const magicWord = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);
  const set = recordSet([
    { image: Uint8Array.of(1, 2, 3), label: 0 },
    { image: new Uint8Array([...magicWord, ...magicWord]), label: 1 },
    { image: new Uint8Array(70_000), label: [1, 2, 3] },
    { image: new Uint8Array(0), label: 3 },
  ]);

  it('finds the same records as the index', async () => {
    const scanned = await scanRecords(bytesFile('a.rec', set.records));
    expect(scanned).toEqual(await readRecordIndex(textFile(set.index), set.records.length));
  });

  it('rejects a file truncated at any byte', async () => {
    const starts = new Set([0, ...(await scanRecords(bytesFile('a.rec', set.records))).offsets]);
    // Lengths within the large record are all alike, so they are skipped.
    const lengths = Array.from({ length: set.records.length }, (_, length) => length);
    for (const length of lengths.filter((length) => length < 200 || length > set.records.length - 50)) {
      if (starts.has(length)) continue;
      await expect(scanRecords(bytesFile('a.rec', set.records.subarray(0, length)))).rejects.toThrow(
        DataError,
      );
    }
  });
});
