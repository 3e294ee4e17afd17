import { zipSync } from 'fflate';

/** An array of a `.npz` file. */
export type NpzArray =
  /** Row-major. */
  { readonly data: Float32Array; readonly shape: readonly number[] } | { readonly texts: readonly string[] };

/** The time of every entry, so that the same arrays make the same bytes. */
const entryTime = new Date(1980, 0, 1);

/**
 * A file that `numpy.load` reads: arrays by name, not compressed.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0.
 */
export function encodeNpz(arrays: Readonly<Record<string, NpzArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  return zipSync(Object.fromEntries(files), { level: 0, mtime: entryTime });
}

function encodeNpy(array: NpzArray): Uint8Array {
  if ('texts' in array) {
    const { texts } = array;
    // At least one character: numpy has no texts of none.
    const length = texts.reduce((longest, text) => Math.max(longest, [...text].length), 1);
    const points = new Uint32Array(texts.length * length);
    texts.forEach((text, row) => {
      points.set(
        [...text].map((character) => character.codePointAt(0)!),
        row * length,
      );
    });
    return join(`<U${length}`, [texts.length], points);
  }
  return join('<f4', array.shape, array.data);
}

function join(type: string, shape: readonly number[], data: Float32Array | Uint32Array): Uint8Array {
  // A tuple of one needs its comma.
  const tuple = shape.map((length) => `${length}, `).join('');
  const description = `{'descr': '${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const start = 10;
  const total = Math.ceil((start + description.length + 1) / 64) * 64;
  const bytes = new Uint8Array(total + data.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, total - start, true);
  bytes.set(new TextEncoder().encode(`${description.padEnd(total - start - 1)}\n`), start);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), total);
  return bytes;
}
