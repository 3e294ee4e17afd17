import { DataError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { blobFile, bytesFile } from './byte-file.ts';

const bytes = Uint8Array.of(1, 2, 3, 4);

describe.each([
  ['bytesFile', bytesFile('a.rec', bytes)],
  ['blobFile', blobFile('a.rec', new Blob([bytes]))],
])('%s', (_, file) => {
  it('reads a range', async () => {
    expect(file).toMatchObject({ name: 'a.rec', size: 4 });
    expect([...(await file.read(1, 2))]).toEqual([2, 3]);
    expect([...(await file.read(4, 0))]).toEqual([]);
    await file.close();
  });

  it.each([
    [3, 2],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ])('rejects offset %d, length %d', async (offset, length) => {
    await expect(file.read(offset, length)).rejects.toThrow(DataError);
  });
});
