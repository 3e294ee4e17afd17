import { DataError } from '@openset/core';
import { type ImageSet, type LabelledImages, selectImages } from '../image-set.ts';
import { type DigitParts, digitsFileName, unpackDigits } from './digits-format.ts';

/** Digits that the network is trained on; it never sees the others. */
export const trainedDigits: readonly number[] = [0, 1, 2, 3, 4, 5, 6];
export const unseenDigits: readonly number[] = [7, 8, 9];

/**
 * Loads the digits beside the page.
 * @throws DataError if they cannot be loaded
 */
export async function loadDigits(): Promise<DigitParts> {
  const response = await fetch(new URL(digitsFileName, document.baseURI)).catch(() => null);
  if (!response?.ok || !response.body) {
    throw new DataError(
      'The digits could not be loaded. Check the connection to the server, and reload the page.',
    );
  }
  const bytes = new Response(response.body.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  const digits = await bytes.then((buffer) => unpackDigits(new Uint8Array(buffer))).catch(() => null);
  if (!digits) throw new DataError('The file of digits is damaged. Reload the page, or build it again.');
  return digits;
}

/**
 * Returns the images of a run on digits.
 * @param perDigit number of images of each digit to train on, at most
 */
export function digitSet({ train, held, test }: DigitParts, perDigit: number): ImageSet {
  const known = (images: LabelledImages, limit = Number.POSITIVE_INFINITY) =>
    pick(images, trainedDigits, limit);
  return {
    classNames: trainedDigits.map(String),
    train: known(train, perDigit),
    held: known(held),
    test: known(test),
    unseen: { ...pick(test, unseenDigits), classNames: unseenDigits.map(String) },
  };
}

/** Returns the first images of some digits, labelled by the place of their digit in the list. */
function pick(
  images: LabelledImages,
  digits: readonly number[],
  limit = Number.POSITIVE_INFINITY,
): LabelledImages {
  const counts = new Map<number, number>();
  const rows = [...images.labels.keys()].filter((row) => {
    const digit = images.labels[row]!;
    const count = counts.get(digit) ?? 0;
    counts.set(digit, count + 1);
    return digits.includes(digit) && count < limit;
  });
  return selectImages(images, rows, (digit) => digits.indexOf(digit));
}
