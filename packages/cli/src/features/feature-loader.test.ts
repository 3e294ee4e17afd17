import { ConfigError } from '@openset/core';
import { type Batch, type LoaderState, subsetSource } from '@openset/data';
import { expect, it } from 'vitest';
import { createFeatureLoader, type FeatureLoaderOptions } from './feature-loader.ts';
import { type FeatureVariants, featureSource } from './feature-source.ts';

/** Features of image i: i, then i + 0.5; those of its mirror image: −i, then −i − 0.5. */
function features(size: number, variants: FeatureVariants = 2) {
  const images = {
    size,
    classNames: ['Ada', 'Bob'],
    labels: Int32Array.from({ length: size }, (_, index) => index % 2),
    origin: (index: number) => `${index}.png`,
  };
  const read = async (index: number, target: Float32Array) =>
    target.set([index, index + 0.5, -index, -index - 0.5].slice(0, 2 * variants));
  return featureSource(images, { read }, { featureSize: 2, variants }, [], async () => {});
}

const options = { batchSize: 4, seed: 3, flip: 0.5, start: { epoch: 0, batch: 0 } };

async function take(count: number, overrides: Partial<FeatureLoaderOptions> = {}, source = features(10)) {
  const loader = createFeatureLoader(source, source, { ...options, ...overrides });
  const batches: Batch[] = [];
  const states: LoaderState[] = [loader.state()];
  for await (const batch of loader) {
    batches.push(batch);
    states.push(loader.state());
    if (batches.length === count) break;
  }
  return { loader, batches, states };
}

it('delivers whole batches, epoch after epoch', async () => {
  const { loader, batches, states } = await take(5);
  expect(loader.batchesPerEpoch).toBe(2);
  expect(batches.map(({ epoch, index }) => [epoch, index])).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [2, 0],
  ]);
  expect(states.at(-1)).toEqual({ epoch: 2, batch: 1 });
  expect(loader.counters).toEqual({ batches: 5, images: 20, skipped: 0 });
  for (const { images, shape, labels, indices, numClasses } of batches) {
    expect([shape, numClasses]).toEqual([[4, 1, 1, 2], 2]);
    expect([...labels]).toEqual([...indices].map((index) => index % 2));
    for (const [place, index] of indices.entries()) {
      const [first, second] = images.subarray(2 * place, 2 * place + 2);
      expect(Math.abs(first!)).toBe(index);
      expect(second).toBe(first! < 0 || Object.is(first, -0) ? first! - 0.5 : first! + 0.5);
    }
  }
  // No image twice in an epoch, and another order in the next.
  const orderOf = (epoch: number) =>
    batches.filter((batch) => batch.epoch === epoch).flatMap(({ indices }) => [...indices]);
  expect(new Set(orderOf(0)).size).toBe(8);
  expect(orderOf(1)).not.toEqual(orderOf(0));
});

it('mirrors about half of the images, and none without a flip', async () => {
  const mirrored = async (flip: number) => {
    const { batches } = await take(50, { flip });
    const firsts = batches.flatMap(({ images }) => [...images].filter((_, at) => at % 2 === 1));
    return firsts.filter((value) => value < 0).length / firsts.length;
  };
  expect(await mirrored(0.5)).toBeCloseTo(0.5, 1);
  expect(await mirrored(0)).toBe(0);
  expect(await mirrored(1)).toBe(1);
});

it('resumes at any position with the same batches', async () => {
  const { batches, states } = await take(7);
  for (const at of [1, 2, 5]) {
    const resumed = await take(7 - at, { start: states[at]! });
    expect(resumed.batches).toEqual(batches.slice(at));
  }
});

it('takes subsets, and features without those of mirror images', async () => {
  const all = features(10, 1);
  const subset = subsetSource(all, [9, 7, 5, 3, 1], [1]);
  const loader = createFeatureLoader(subset, all, options);
  for await (const { images, labels, numClasses } of loader) {
    expect([...images].every((value) => value >= 1)).toBe(true);
    expect([[...labels], numClasses]).toEqual([[0, 0, 0, 0], 1]);
    break;
  }
});

it('rejects a batch that is larger than the set', () => {
  const source = features(3);
  expect(() => createFeatureLoader(source, source, options)).toThrow(ConfigError);
});
