import { expect, it } from 'vitest';
import { decodeTiff } from './tiff.ts';
import { tiffTags } from './tiff-directory.ts';

/** Returns a TIFF file with one strip or tile for each part, and fields of long numbers. */
function tiffFile(
  fields: Partial<Record<keyof typeof tiffTags, number | number[]>>,
  parts: number[][],
  isLittleEndian = true,
): Uint8Array {
  const lengths = parts.map((part) => part.length);
  let at = 8;
  const offsets = lengths.map((length) => {
    at += length;
    return at - length;
  });
  const isTiled = 'tileWidth' in fields;
  const all = {
    ...fields,
    [isTiled ? 'tileOffsets' : 'stripOffsets']: offsets,
    [isTiled ? 'tileLengths' : 'stripLengths']: lengths,
  };
  const entries = Object.entries(all).map(([name, value]) => [
    tiffTags[name as keyof typeof tiffTags],
    [value].flat(),
  ]) as [number, number[]][];
  const start = at;
  let outside = start + 2 + entries.length * 12 + 4;
  const view = new DataView(new ArrayBuffer(outside + entries.length * 4096));
  const bytes = new Uint8Array(view.buffer);
  bytes.set(isLittleEndian ? [0x49, 0x49, 42, 0] : [0x4d, 0x4d, 0, 42]);
  view.setUint32(4, start, isLittleEndian);
  bytes.set(parts.flat(), 8);
  view.setUint16(start, entries.length, isLittleEndian);
  entries.forEach(([tag, values], index) => {
    const entry = start + 2 + index * 12;
    view.setUint16(entry, tag, isLittleEndian);
    view.setUint16(entry + 2, 4, isLittleEndian);
    view.setUint32(entry + 4, values.length, isLittleEndian);
    if (values.length > 1) view.setUint32(entry + 8, outside, isLittleEndian);
    const target = values.length > 1 ? outside : entry + 8;
    for (const [place, value] of values.entries()) view.setUint32(target + place * 4, value, isLittleEndian);
    if (values.length > 1) outside += values.length * 4;
  });
  return bytes.slice(0, outside);
}

const two = { height: 2, width: 2 };
const valuesOf = async (file: Uint8Array) => [...(await decodeTiff(file)).data];

it('reads channels in planes, strips of one row, in both byte orders', async () => {
  const fields = { ...two, bits: [8, 8, 8], photometric: 2, samples: 3, planes: 2, rowsPerStrip: 1 };
  const parts = [
    [1, 2],
    [3, 4],
    [11, 12],
    [13, 14],
    [21, 22],
    [23, 24],
  ];
  for (const isLittleEndian of [true, false]) {
    const values = await valuesOf(tiffFile(fields, parts, isLittleEndian));
    expect(values).toEqual([1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24]);
  }
});

it('keeps the upper byte of 16 bits, after differences, in both byte orders', async () => {
  const fields = { ...two, bits: 16, photometric: 1, predictor: 2 };
  // 0x01f0, then 0x0030 more: 0x0220.
  const little = [0xf0, 1, 0x30, 0, 0, 0xff, 1, 0];
  const big = [1, 0xf0, 0, 0x30, 0xff, 0, 0, 1];
  expect(await valuesOf(tiffFile(fields, [little]))).toEqual([1, 2, 255, 255]);
  expect(await valuesOf(tiffFile(fields, [big], false))).toEqual([1, 2, 255, 255]);
});

it('inverts files where white is zero, and reads palettes and tiles beyond the edge', async () => {
  expect(await valuesOf(tiffFile({ ...two, bits: 8, photometric: 0 }, [[0, 1, 254, 255]]))).toEqual([
    255, 254, 1, 0,
  ]);
  expect(await valuesOf(tiffFile({ ...two, bits: 1, photometric: 0 }, [[0b10000000, 0b01000000]]))).toEqual([
    0, 255, 255, 0,
  ]);
  const palette = [0, 0x1234, 0xffff, 0, 0, 0x5600, 0, 0, 0, 0, 0x100, 0];
  const indexed = { ...two, bits: 2, photometric: 3, palette };
  expect(await valuesOf(tiffFile(indexed, [[0b00010000, 0b10000000]]))).toEqual([
    0, 0, 0, 0x12, 0x56, 0, 255, 0, 1, 0, 0, 0,
  ]);
  const tiled = { ...two, bits: 8, photometric: 1, tileWidth: 3, tileHeight: 3 };
  expect(await valuesOf(tiffFile(tiled, [[1, 2, 0, 3, 4, 0, 0, 0, 0]]))).toEqual([1, 2, 3, 4]);
});

it('converts inks, and drops further channels', async () => {
  const fields = { height: 1, width: 2, bits: [8, 8, 8, 8], photometric: 5, samples: 4 };
  // No ink, and half of the light of a half.
  expect(await valuesOf(tiffFile(fields, [[0, 0, 0, 0, 0, 127, 255, 127]]))).toEqual([
    255, 255, 255, 128, 64, 0,
  ]);
  const alpha = { height: 1, width: 2, bits: [8, 8], photometric: 1, samples: 2 };
  expect(await valuesOf(tiffFile(alpha, [[5, 0, 6, 9]]))).toEqual([5, 6]);
});

it('restores colours that are multiplied by their transparency', async () => {
  const fields = { height: 1, width: 3, bits: [8, 8], photometric: 1, samples: 2, extraSamples: 1 };
  expect(await valuesOf(tiffFile(fields, [[50, 128, 7, 0, 9, 255]]))).toEqual([99, 0, 9]);
});

it('refuses damage and kinds that it does not know', async () => {
  const fields = { ...two, bits: 8, photometric: 1 };
  await expect(decodeTiff(tiffFile(fields, [[1, 2, 3]]))).rejects.toThrow('truncated');
  await expect(decodeTiff(tiffFile({ ...fields, compression: 5 }, [[0x80, 0]]))).rejects.toThrow('truncated');
  await expect(decodeTiff(tiffFile({ ...fields, compression: 7 }, [[1, 2, 3, 4]]))).rejects.toThrow(
    'compression 7 needs the package sharp',
  );
  await expect(decodeTiff(tiffFile({ ...fields, photometric: 6 }, [[1, 2, 3, 4]]))).rejects.toThrow(
    'photometric kind 6 needs',
  );
  const huge = { ...fields, tileWidth: 2 ** 31, tileHeight: 2 ** 31 };
  await expect(decodeTiff(tiffFile(huge, [[1, 2, 3, 4]]))).rejects.toThrow('no possible size');
});
