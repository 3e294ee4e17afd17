import { expect, it } from 'vitest';
import { imagePixels, type LabelledImages } from '../image-set.ts';
import { packDigits, unpackDigits } from './digits-format.ts';

/** Images whose pixels are all equal to a number. */
function images(...values: number[]): LabelledImages {
  const pixels = Uint8Array.from(
    { length: values.length * imagePixels },
    (_, place) => values[Math.floor(place / imagePixels)]!,
  );
  return { pixels, labels: Int32Array.from(values, (value) => value % 10) };
}

const parts = { train: images(1, 22, 255), held: images(7), test: images() };

it('reads the parts that were packed', () => {
  expect(unpackDigits(packDigits(parts))).toEqual(parts);
});

it('returns null for bytes that are damaged', () => {
  const bytes = packDigits(parts);
  for (const damaged of [bytes.subarray(0, -1), bytes.subarray(0, 7), new Uint8Array(0)]) {
    expect(unpackDigits(damaged)).toBeNull();
  }
  const longer = Uint8Array.from(bytes);
  longer[0] = 200;
  expect(unpackDigits(longer)).toBeNull();
});
