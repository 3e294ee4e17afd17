import { ConfigError } from '@openset/core';
import { lossConformance, lossFixtures } from '@openset/testkit/vitest';
import { expect, it } from 'vitest';
import { CosFaceLoss } from './cosface-loss.ts';

lossConformance('CosFaceLoss', (sizes) => new CosFaceLoss({ ...sizes, scale: 16 }), {
  fixtures: {
    cases: lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url)),
    makers: { CosFaceLoss },
  },
});

it('refuses options out of range, and sizes that are none', () => {
  const sizes = { numClasses: 3, embeddingSize: 4 };
  expect(() => new CosFaceLoss({ ...sizes, scale: 0 })).toThrow(ConfigError);
  expect(() => new CosFaceLoss({ ...sizes, margin: -0.1 })).toThrow(/margin.*-0\.1/);
  expect(() => new CosFaceLoss({ ...sizes, margin: Number.NaN })).toThrow(ConfigError);
  expect(() => new CosFaceLoss({ ...sizes, numClasses: 0 })).toThrow(/CosFaceLoss: numClasses.*is 0/);
  expect(() => new CosFaceLoss({ ...sizes, embeddingSize: 2.5 })).toThrow(ConfigError);
  expect(() => new CosFaceLoss({ ...sizes, blockSize: 0 })).toThrow(/blockSize/);
});
