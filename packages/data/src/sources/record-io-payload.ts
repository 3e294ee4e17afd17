import { DataError } from '@openset/core';
import { imageHeaderBytes } from './record-io-format.ts';

/** The payload of a record, taken apart. */
export interface ImagePayload {
  /** Number of entries of the label array; 0 for a single label. */
  readonly flag: number;
  /** The single label, or the label array. */
  readonly labels: Float32Array;
  /** The encoded picture. */
  readonly image: Uint8Array;
}

/**
 * Takes the payload of a record apart: IRHeader, label array, picture.
 * @param place file and record, for messages
 * @throws DataError if the payload is shorter than the header, or than the label array it announces
 */
export function parseImagePayload(payload: Uint8Array, place: string): ImagePayload {
  if (payload.length < imageHeaderBytes) {
    throw new DataError(
      `${place}: holds ${payload.length} bytes; the header of a picture alone has ${imageHeaderBytes}.`,
    );
  }
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const flag = view.getUint32(0, true);
  if (4 * flag > payload.length - imageHeaderBytes) {
    throw new DataError(
      `${place}: announces ${flag} labels of 4 bytes, but ${payload.length - imageHeaderBytes} bytes follow the header.`,
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

/** Puts a payload together; the reverse of `parseImagePayload`. */
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
