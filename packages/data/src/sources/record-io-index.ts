import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { ByteCursor } from './byte-cursor.ts';
import { GrowingArray } from './growing-array.ts';
import { checkPartFlag, paddedLength, parsePartHeader, partHeaderBytes } from './record-io-format.ts';
import { parseInteger, readLineBatches, shorten } from './text-lines.ts';

/** The offsets of the records of a RecordIO file. */
export interface RecordIndex {
  /** Numbers of the records, ascending. */
  readonly keys: Float64Array;
  /** Offset of each record in the file. */
  readonly offsets: Float64Array;
}

const maximum = Number.MAX_SAFE_INTEGER;

/**
 * Reads an `.idx` file, lines of `number\toffset`.
 * @param recordBytes size of the `.rec` file; every offset must be within it
 * @throws DataError for a malformed line, an offset outside of the file or not a multiple of 4, or a duplicate number
 */
export async function readRecordIndex(file: ByteFile, recordBytes: number): Promise<RecordIndex> {
  const keys = new GrowingArray((length) => new Float64Array(length));
  const offsets = new GrowingArray((length) => new Float64Array(length));
  for await (const { lines, firstNumber } of readLineBatches(file)) {
    lines.forEach((line, index) => {
      if (line.trim() === '') return;
      const location = `${file.name}, line ${firstNumber + index}`;
      const [key = '', offset = '', ...more] = line.trim().split(/\s+/);
      if (more.length > 0 || offset === '') {
        throw new DataError(
          `${location}: expected a record number, a tab and an offset, found '${shorten(line)}'.`,
        );
      }
      keys.push(parseInteger(key, location, { maximum }));
      offsets.push(checkOffset(parseInteger(offset, location, { maximum }), location, recordBytes));
    });
  }
  return sortByKey(file.name, keys.toArray(), offsets.toArray());
}

/**
 * Finds the records of a `.rec` file by scanning it, and numbers them in order, like MXNet's `rec2idx`.
 * @throws DataError if the file is damaged
 */
export async function scanRecords(file: ByteFile): Promise<RecordIndex> {
  const offsets = new GrowingArray((length) => new Float64Array(length));
  const cursor = new ByteCursor(file);
  let isFirst = true;
  while (cursor.remaining > 0) {
    const position = cursor.position;
    const headerBytes = Math.min(partHeaderBytes, cursor.remaining);
    const head = await cursor.bytes(headerBytes, 'the header of a record');
    const { flag, length } = parsePartHeader(file.name, file.size, position, head);
    checkPartFlag(file.name, position, flag, isFirst);
    if (isFirst) offsets.push(position);
    cursor.skip(paddedLength(length), 'a record and its padding');
    isFirst = flag === 0 || flag === 3;
  }
  if (!isFirst) {
    throw new DataError(`${file.name}: the last record has no last part; the file is truncated.`);
  }
  return { keys: Float64Array.from({ length: offsets.length }, (_, key) => key), offsets: offsets.toArray() };
}

/** Returns the position of a record in the index; −1 if no record has this number. */
export function findRecord({ keys }: RecordIndex, key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return keys[low] === key ? low : -1;
}

function checkOffset(offset: number, location: string, recordBytes: number): number {
  if (offset + partHeaderBytes <= recordBytes && offset % 4 === 0) return offset;
  throw new DataError(
    `${location}: the offset ${offset} must be a multiple of 4 below ${recordBytes}, the size of the record file; ` +
      'the index is damaged or belongs to another file.',
  );
}

function sortByKey(name: string, keys: Float64Array, offsets: Float64Array): RecordIndex {
  const isSorted = keys.every((key, position) => position === 0 || key > (keys[position - 1] as number));
  if (isSorted) return { keys, offsets };
  const order = Uint32Array.from(keys, (_, position) => position);
  order.sort((first, second) => (keys[first] as number) - (keys[second] as number));
  const sortedKeys = Float64Array.from(order, (position) => keys[position] as number);
  const twice = sortedKeys.findIndex((key, position) => position > 0 && key === sortedKeys[position - 1]);
  if (twice >= 0) throw new DataError(`${name}: record ${sortedKeys[twice]} occurs twice in the index.`);
  return { keys: sortedKeys, offsets: Float64Array.from(order, (position) => offsets[position] as number) };
}
