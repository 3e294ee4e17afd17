import { DataError } from '@openset/core';
import { imageHeaderBytes } from './record-io-format.ts';

/** The parsed payload of a record. */
export interface ImagePayload {
  /** Length of the label array; 0 for a single label. */
  readonly flag: number;
  /** The single label, or the label array. */
  readonly labels: Float32Array;
  /** The encoded image. */
  readonly image: Uint8Array;
}

/**
 * Parses the payload of a record: IRHeader, label array, image.
 * @param location file and record, for messages
 * @throws DataError if the payload is shorter than its header or its label array
 */
export function parseImagePayload(payload: Uint8Array, location: string): ImagePayload {
  if (payload.length < imageHeaderBytes) {
    throw new DataError(
      `${location}: has ${payload.length} bytes, fewer than the ${imageHeaderBytes} bytes of an image header.`,
    );
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const flag = view.getUint32(0, true);
  if (4 * flag > payload.length - imageHeaderBytes) {
    throw new DataError(
      `${location}: announces ${flag} labels of 4 bytes, but ${payload.length - imageHeaderBytes} bytes follow the header.`,
    );
  }
  if (flag === 0) {
    const labels = Float32Array.of(view.getFloat32(4, true));
    return { flag, labels, image: payload.subarray(imageHeaderBytes) };
  }
  const labels = Float32Array.from({ length: flag }, (_, index) =>
    view.getFloat32(imageHeaderBytes + 4 * index, true),
  );
  return { flag, labels, image: payload.subarray(imageHeaderBytes + 4 * flag) };
}

/** Encodes a payload; the inverse of `parseImagePayload`. */
export function encodeImagePayload(
  image: Uint8Array,
  label: number | ArrayLike<number>,
  id: number,
): Uint8Array {
  const labels = typeof label === 'number' ? [] : Array.from(label);
  const payload = new Uint8Array(imageHeaderBytes + 4 * labels.length + image.length);
  const view = new DataView(payload.buffer);
  view.setUint32(0, labels.length, true);
  view.setFloat32(4, typeof label === 'number' ? label : 0, true);
  view.setBigUint64(8, BigInt(id), true);
  labels.forEach((value, index) => {
    view.setFloat32(imageHeaderBytes + 4 * index, value, true);
  });
  payload.set(image, imageHeaderBytes + 4 * labels.length);
  return payload;
}
