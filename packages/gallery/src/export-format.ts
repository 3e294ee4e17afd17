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
  values.forEach((value, index) => {
    bytes.setFloat32(4 * index, value, true);
  });
  return btoa(Array.from(new Uint8Array(bytes.buffer), (byte) => String.fromCharCode(byte)).join(''));
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
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (bytes.length !== 4 * size) {
    throw new ShapeError(
      `The values of an embedding have ${bytes.length} bytes, but ${size} float32 numbers have ${4 * size}.`,
    );
  }
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: size }, (_, index) => view.getFloat32(4 * index, true));
}
