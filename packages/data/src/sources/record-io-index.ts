import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { ByteCursor } from './byte-cursor.ts';
import { Column } from './column.ts';
import { checkPartFlag, paddedLength, parsePart, partHeaderBytes } from './record-io-format.ts';
import { parseWhole, readLineBatches, shorten } from './text-lines.ts';

/** Where each record of a RecordIO file begins. */
export interface RecordIndex {
  /** Numbers of the records, ascending. */
  readonly keys: Float64Array;
  /** Offset of each in the file. */
  readonly offsets: Float64Array;
}

const maximum = Number.MAX_SAFE_INTEGER;

/**
 * Reads an `.idx` file, lines of `number\toffset`.
 * @param recordBytes size of the `.rec` file, which every offset must lie in
 * @throws DataError for a line that is none, an offset outside of the file or not at a multiple of 4, a number twice
 */
export async function readRecordIndex(file: ByteFile, recordBytes: number): Promise<RecordIndex> {
  const keys = new Column((length) => new Float64Array(length));
  const offsets = new Column((length) => new Float64Array(length));
  for await (const { lines, firstNumber } of readLineBatches(file)) {
    lines.forEach((line, index) => {
      if (line.trim() === '') return;
      const place = `${file.name}, line ${firstNumber + index}`;
      const [key = '', offset = '', ...more] = line.trim().split(/\s+/);
      if (more.length > 0 || offset === '') {
        throw new DataError(
          `${place}: expected a record number, a tab and an offset, found '${shorten(line)}'.`,
        );
      }
      keys.push(parseWhole(key, place, { maximum }));
      offsets.push(checkOffset(parseWhole(offset, place, { maximum }), place, recordBytes));
    });
  }
  return sortByKey(file.name, keys.toArray(), offsets.toArray());
}

/**
 * Finds the records of a `.rec` file by going through it, as MXNet's `rec2idx` does: they are numbered as they stand.
 * @throws DataError where the file is damaged
 */
export async function scanRecords(file: ByteFile): Promise<RecordIndex> {
  const offsets = new Column((length) => new Float64Array(length));
  const cursor = new ByteCursor(file);
  let isFirst = true;
  while (cursor.remaining > 0) {
    const position = cursor.position;
    const headerBytes = Math.min(partHeaderBytes, cursor.remaining);
    const head = await cursor.bytes(headerBytes, 'the header of a record');
    const { flag, length } = parsePart(file.name, file.size, position, head);
    checkPartFlag(file.name, position, flag, isFirst);
    if (isFirst) offsets.push(position);
    cursor.skip(paddedLength(length), 'a record and its padding');
    isFirst = flag === 0 || flag === 3;
  }
  if (!isFirst) {
    throw new DataError(`${file.name}: the last record has no last part; the file is cut off.`);
  }
  return { keys: Float64Array.from({ length: offsets.length }, (_, key) => key), offsets: offsets.toArray() };
}

/** Place of a record in the index; −1 if it has none with this number. */
export function findKey({ keys }: RecordIndex, key: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as number) < key) low = middle + 1;
    else high = middle;
  }
  return keys[low] === key ? low : -1;
}

function checkOffset(offset: number, place: string, recordBytes: number): number {
  if (offset + partHeaderBytes <= recordBytes && offset % 4 === 0) return offset;
  throw new DataError(
    `${place}: the offset ${offset} must be a multiple of 4 below ${recordBytes}, the size of the record file; ` +
      'the index is damaged or belongs to another file.',
  );
}

function sortByKey(name: string, keys: Float64Array, offsets: Float64Array): RecordIndex {
  const isSorted = keys.every((key, place) => place === 0 || key > (keys[place - 1] as number));
  if (isSorted) return { keys, offsets };
  const order = Uint32Array.from(keys, (_, place) => place);
  order.sort((first, second) => (keys[first] as number) - (keys[second] as number));
  const sortedKeys = Float64Array.from(order, (place) => keys[place] as number);
  const twice = sortedKeys.findIndex((key, place) => place > 0 && key === sortedKeys[place - 1]);
  if (twice >= 0) throw new DataError(`${name}: record ${sortedKeys[twice]} stands twice in the index.`);
  return { keys: sortedKeys, offsets: Float64Array.from(order, (place) => offsets[place] as number) };
}
