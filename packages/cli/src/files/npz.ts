import { zipSync } from 'fflate';

/** An array of a `.npz` file: row-major numbers, or a list of texts. */
export type NpzArray =
  | { readonly data: Float32Array; readonly shape: readonly number[] }
  | { readonly texts: readonly string[] };

/** Modification time of all entries: equal arrays give equal bytes. */
const entryTime = new Date(1980, 0, 1);

/**
 * Encodes arrays by name as an uncompressed file for `numpy.load`.
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, version 1.0.
 */
export function encodeNpz(arrays: Readonly<Record<string, NpzArray>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
  return zipSync(Object.fromEntries(files), { level: 0, mtime: entryTime });
}

function encodeNpy(array: NpzArray): Uint8Array {
  if ('texts' in array) {
    const { texts } = array;
    // NumPy has no text type of length 0.
    const length = texts.reduce((longest, text) => Math.max(longest, [...text].length), 1);
    const points = new Uint32Array(texts.length * length);
    texts.forEach((text, row) => {
      points.set(
        [...text].map((character) => character.codePointAt(0)!),
        row * length,
      );
    });
    return encodeArray(`<U${length}`, [texts.length], points);
  }
  return encodeArray('<f4', array.shape, array.data);
}

function encodeArray(type: string, shape: readonly number[], data: Float32Array | Uint32Array): Uint8Array {
  // A Python tuple of one number needs a comma.
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
