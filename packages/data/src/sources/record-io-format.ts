import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { ByteCursor } from './byte-cursor.ts';

/** First field of every part of a record. */
export const recordMagic = 0xced7230a;

/** Upper limit of the length of a payload, which has 29 bits. */
export const payloadLimit = 2 ** 29;

/** Size of an IRHeader without its label array: flag uint32, label float32, id uint64, id2 uint64. */
export const imageHeaderBytes = 24;

/** Size of magic number and length. */
export const partHeaderBytes = 8;

/** Size of the first read of a record; most face crops are smaller. */
const firstReadBytes = 16_384;

/** The header of a part. */
interface PartHeader {
  /** 0: whole record; 1: first part; 2: middle part; 3: last part. */
  readonly flag: number;
  /** Length of the data in bytes, without the padding to 4 bytes. */
  readonly length: number;
}

/** Returns the length including the padding to 4 bytes. */
export function paddedLength(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/**
 * Parses the header of the part at `position`.
 * @param name name of the file
 * @param size size of the file
 * @param head first bytes of the part
 * @throws DataError if it is not a header, or announces more bytes than the file has
 */
export function parsePartHeader(name: string, size: number, position: number, head: Uint8Array): PartHeader {
  if (head.length < partHeaderBytes) {
    throw new DataError(
      `${name}, byte ${position}: expected a record, but ${size - position} bytes are left; the file is truncated.`,
    );
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const magic = view.getUint32(0, true);
  if (magic !== recordMagic) {
    throw new DataError(
      `${name}, byte ${position}: found 0x${magic.toString(16)}, expected 0x${recordMagic.toString(16)}, the start of a ` +
        'record; the file is damaged, or the index belongs to another file.',
    );
  }
  const word = view.getUint32(4, true);
  const part = { flag: word >>> 29, length: word % payloadLimit };
  if (part.flag > 3) {
    throw new DataError(`${name}, byte ${position}: the part flag is ${part.flag}, expected 0, 1, 2 or 3.`);
  }
  const left = size - position - partHeaderBytes;
  if (part.length > left) {
    throw new DataError(
      `${name}, byte ${position}: the record announces ${part.length} bytes, but ${left} are left; the file is ` +
        'truncated or damaged.',
    );
  }
  return part;
}

/**
 * Checks the flag of a part against its position in the record.
 * @throws DataError for a middle or last part without a first part, and for a first part within a record
 */
export function checkPartFlag(name: string, position: number, flag: number, isFirst: boolean): void {
  const isAllowed = isFirst ? flag < 2 : flag >= 2;
  if (isAllowed) return;
  const expected = isFirst ? 'a whole record (0) or a first part (1)' : 'a middle (2) or last part (3)';
  throw new DataError(`${name}, byte ${position}: found part flag ${flag}, expected ${expected}.`);
}

/**
 * Reads the payload of the record at `offset`. The writer removes every magic number at a multiple of 4 bytes and splits
 * the record there; this function restores them.
 * @throws DataError if the record is damaged or truncated
 */
export async function readPayload(file: ByteFile, offset: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const cursor = new ByteCursor(file, { position: Math.min(offset, file.size), windowBytes: firstReadBytes });
  for (;;) {
    const { position, remaining } = cursor;
    const head = await cursor.bytes(Math.min(partHeaderBytes, remaining), 'the header of a record');
    const { flag, length } = parsePartHeader(file.name, file.size, position, head);
    checkPartFlag(file.name, position, flag, parts.length === 0);
    parts.push(await cursor.bytes(length, 'a record'));
    if (flag === 0 || flag === 3) return joinParts(parts);
    cursor.skip(paddedLength(length) - length, 'the padding of a record');
  }
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const total = parts.reduce((sum, part) => sum + part.length, 4 * (parts.length - 1));
  const joined = new Uint8Array(total);
  const view = new DataView(joined.buffer);
  let end = 0;
  parts.forEach((part, index) => {
    if (index > 0) {
      view.setUint32(end, recordMagic, true);
      end += 4;
    }
    joined.set(part, end);
    end += part.length;
  });
  return joined;
}

/**
 * Encodes a payload as the parts of a record, padded to 4 bytes.
 * @throws DataError if it is too long
 */
export function encodeRecord(payload: Uint8Array): Uint8Array {
  if (payload.length >= payloadLimit) {
    throw new DataError(
      `A record of ${payload.length} bytes is too long for RecordIO; the limit is ${payloadLimit - 1} bytes.`,
    );
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const cuts: number[] = [];
  for (let offset = 0; offset + 4 <= payload.length; offset += 4) {
    if (view.getUint32(offset, true) === recordMagic) cuts.push(offset);
  }
  const starts = [0, ...cuts.map((cut) => cut + 4)];
  const ends = [...cuts, payload.length];
  // Each removed magic number (4 bytes) is replaced by a part header (8 bytes).
  const encoded = new Uint8Array(partHeaderBytes + paddedLength(payload.length) + 4 * cuts.length);
  const header = new DataView(encoded.buffer);
  let position = 0;
  starts.forEach((start, index) => {
    const end = ends[index] as number;
    const isLast = index === cuts.length;
    const flag = cuts.length === 0 ? 0 : index === 0 ? 1 : isLast ? 3 : 2;
    header.setUint32(position, recordMagic, true);
    header.setUint32(position + 4, flag * payloadLimit + (end - start), true);
    encoded.set(payload.subarray(start, end), position + partHeaderBytes);
    position += partHeaderBytes + paddedLength(end - start);
  });
  return encoded;
}
