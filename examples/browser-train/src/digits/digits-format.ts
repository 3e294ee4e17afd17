import { imagePixels, type LabelledImages } from '../image-set.ts';

/** Name of the file of digits beside the page: gzip, whatever the server knows about compression. */
export const digitsFileName = 'digits.bin';

/** The parts of the file of digits. */
export interface DigitParts {
  /** Images to train on. */
  readonly train: LabelledImages;
  /** Images of MNIST's training set that nobody trains on. */
  readonly held: LabelledImages;
  /** Images of MNIST's test set. */
  readonly test: LabelledImages;
}

const partNames = ['train', 'held', 'test'] as const;
const headerBytes = 4 * partNames.length;

/**
 * Packs digits into one array of bytes: the number of images of each part as uint32, little-endian; then all labels, then all
 * pixels, one byte each.
 */
export function packDigits(parts: DigitParts): Uint8Array<ArrayBuffer> {
  const counts = partNames.map((name) => parts[name].labels.length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const bytes = new Uint8Array(headerBytes + total * (1 + imagePixels));
  const view = new DataView(bytes.buffer);
  counts.forEach((count, part) => {
    view.setUint32(4 * part, count, true);
  });
  let image = 0;
  for (const name of partNames) {
    const { labels, pixels } = parts[name];
    bytes.set(labels, headerBytes + image);
    bytes.set(pixels, headerBytes + total + image * imagePixels);
    image += labels.length;
  }
  return bytes;
}

/** Reads what `packDigits` wrote; returns null if the bytes are damaged. */
export function unpackDigits(bytes: Uint8Array): DigitParts | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const counts = bytes.length < headerBytes ? [] : partNames.map((_, part) => view.getUint32(4 * part, true));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (counts.length === 0 || bytes.length !== headerBytes + total * (1 + imagePixels)) return null;
  let image = 0;
  const parts = counts.map((count): LabelledImages => {
    const labels = Int32Array.from(bytes.subarray(headerBytes + image, headerBytes + image + count));
    const start = headerBytes + total + image * imagePixels;
    image += count;
    return { labels, pixels: bytes.slice(start, start + count * imagePixels) };
  });
  return { train: parts[0]!, held: parts[1]!, test: parts[2]! };
}
