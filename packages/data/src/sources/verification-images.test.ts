import { expect, it } from 'vitest';
import { createLoader } from '../loading/create-loader.ts';
import { verificationImages } from './verification-images.ts';
import type { VerificationSet } from './verification-set.ts';

it('provides the images of the pairs in order', async () => {
  const raw = { height: 1, width: 1, channels: 1 };
  const set: VerificationSet = {
    size: 3,
    isSame: Uint8Array.of(1, 0, 1),
    folds: null,
    image: async (index) => ({ bytes: Uint8Array.of(index * 10), raw, label: -1, origin: `${index}` }),
    close: async () => {},
  };
  const normalize = { mean: 0, std: 1 };
  const options = { batchSize: 4, height: 1, width: 1, channels: 1, shuffle: false, normalize } as const;
  const values: number[] = [];
  const loader = createLoader(verificationImages(set), options);
  for await (const { images } of loader) values.push(...images);
  expect(values).toEqual([0, 10, 20, 30, 40, 50]);
});
