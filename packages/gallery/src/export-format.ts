import { DataError, ShapeError } from '@openset/core';
import type { FixedFacts, OperatingPoint } from './gallery.ts';

/** Name of the format in the first line. */
export const exportFormat = 'openset-gallery';
/** Version of the format that this release writes. */
export const exportVersion = 1;

/** First line of an exported gallery. */
export interface ExportHeader extends FixedFacts {
  readonly format: typeof exportFormat;
  readonly version: number;
  readonly createdAt: string;
  readonly operatingPoint: OperatingPoint | null;
}

/** Returns float32 values as base64 of their little-endian bytes. */
export function encodeValues(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  for (let index = 0; index < values.length; index++) bytes.setFloat32(4 * index, values[index]!, true);
  let text = '';
  // In parts, because a call has a limited number of arguments.
  for (let start = 0; start < bytes.byteLength; start += 4096) {
    text += String.fromCharCode(
      ...new Uint8Array(bytes.buffer, start, Math.min(4096, bytes.byteLength - start)),
    );
  }
  return btoa(text);
}

/**
 * Reads what `encodeValues` wrote.
 * @throws DataError if it is no base64; ShapeError if there are not `size` values
 */
export function decodeValues(text: unknown, size: number): Float32Array {
  // Only the form that encodeValues writes: atob also takes white space and missing ends.
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
    throw new DataError('The values of an embedding must be base64 text.');
  }
  const binary = atob(text);
  if (binary.length !== 4 * size) {
    throw new ShapeError(
      `The values of an embedding have ${binary.length} bytes, but ${size} float32 numbers have ${4 * size}.`,
    );
  }
  // Not Uint8Array.from with a function, which takes many times as long.
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = binary.charCodeAt(index);
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(size);
  for (let index = 0; index < size; index++) values[index] = view.getFloat32(4 * index, true);
  return values;
}
