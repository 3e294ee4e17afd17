import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { hexFile } from './__fixtures__/files.ts';
import { ByteCursor } from './byte-cursor.ts';

it('reads fields through a window smaller than the file', async () => {
  const cursor = new ByteCursor(hexFile('01 0203 04050607 ffffffff 0100000000000000 3ff8000000000000'), {
    windowBytes: 4,
  });
  await cursor.prefetch(3);
  expect(cursor.uint8()).toBe(1);
  expect(cursor.uint16()).toBe(0x0302);
  await cursor.prefetch(8);
  expect(cursor.uint32()).toBe(0x07060504);
  expect(cursor.int32()).toBe(-1);
  await cursor.prefetch(8);
  expect(cursor.uint64()).toBe(1n);
  await cursor.prefetch(8);
  expect(cursor.float64BigEndian()).toBe(1.5);
  expect(cursor.remaining).toBe(0);
});

it('finds the end of a line across windows', async () => {
  const cursor = new ByteCursor(hexFile('414243444546 0a 47 0a'), { windowBytes: 2 });
  expect(await cursor.skipLine('a line')).toEqual({ offset: 0, length: 6 });
  expect(await cursor.skipLine('a line')).toEqual({ offset: 7, length: 1 });
  await expect(cursor.skipLine('a line')).rejects.toThrow(DataError);
});

it('rejects lengths beyond the end of the file before it allocates', async () => {
  const cursor = new ByteCursor(hexFile('010203', 'a.rec'));
  await expect(cursor.bytes(2 ** 40, 'a string')).rejects.toThrow(
    'a.rec, byte 0: a string of 1099511627776 bytes begins here, but 3 are left; the file is truncated or damaged.',
  );
  expect(() => cursor.skip(4, 'a string')).toThrow(DataError);
  await cursor.prefetch(8);
  cursor.skip(2, 'two bytes');
  expect(() => cursor.uint16()).toThrow(DataError);
});
