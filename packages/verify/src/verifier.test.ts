import { type Backbone, ConfigError, DataError, ShapeError } from '@openset/core';
import { MetricsError } from '@openset/metrics';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { linearBackbone, pixels } from './__fixtures__/linear-backbone.ts';
import { Verifier } from './verifier.ts';

describe.each(['cpu', 'wasm'])('Verifier on %s', (backendName) => {
  beforeEach(async () => {
    await tf.setBackend(backendName);
  });

  const image = (...values: number[]) => tf.tensor3d(values, [2, 2, 1]);

  it('embeds images at unit length, in batches, without leaks', async () => {
    const backbone = linearBackbone(pixels);
    const verifier = new Verifier({ backbone, threshold: 0.5, flipSum: false, batchSize: 2 });
    const images = tf.tensor4d([3, 4, 0, 0, 0, 0, 0, 2, 1, 1, 1, 1], [3, 2, 2, 1]);
    const before = tf.memory().numTensors;
    const embeddings = await verifier.embed(images);
    expect(tf.memory().numTensors).toBe(before);
    // (3, 4) / 5, one axis, and (1, 1, 1, 1) / 2.
    const expected = [
      [0.6, 0.8, 0, 0],
      [0, 0, 0, 1],
      [0.5, 0.5, 0.5, 0.5],
    ];
    const difference = embeddings.map((embedding, row) =>
      Math.max(...embedding.map((value, k) => Math.abs(value - expected[row]![k]!))),
    );
    expect(Math.max(...difference)).toBeLessThan(1e-6);
  });

  it('embeds batches of plain arrays', async () => {
    const verifier = new Verifier({ backbone: linearBackbone(pixels), threshold: 0.5, flipSum: false });
    const before = tf.memory().numTensors;
    const batches = (async function* () {
      yield { images: Float32Array.of(2, 0, 0, 0, 0, 3, 0, 0), shape: [2, 2, 2, 1] as const };
      yield { images: Float32Array.of(0, 0, 4, 0), shape: [1, 2, 2, 1] as const };
    })();
    const embeddings = await verifier.embedBatches(batches);
    expect(embeddings.map((embedding) => embedding.indexOf(1))).toEqual([0, 1, 2]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('numbers an image without direction from the first batch on', async () => {
    const verifier = new Verifier({ backbone: linearBackbone(pixels), threshold: 0.5 });
    const batches = (async function* () {
      yield { images: Float32Array.of(2, 0, 0, 0, 0, 3, 0, 0), shape: [2, 2, 2, 1] as const };
      yield { images: Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0), shape: [2, 2, 2, 1] as const };
    })();
    await expect(verifier.embedBatches(batches)).rejects.toThrow('image 3 is all zeros');
  });

  it('adds the embedding of the mirrored image', async () => {
    const verifier = new Verifier({ backbone: linearBackbone(pixels), threshold: 0.5 });
    const images = tf.tensor4d([3, 1, 0, 0], [1, 2, 2, 1]);
    const [embedding] = await verifier.embed(images);
    // (3, 1) + (1, 3) = (4, 4), of length √32.
    expect(embedding![0]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(embedding![1]).toBeCloseTo(Math.SQRT1_2, 6);
  });

  it('returns cosine and threshold, and accepts at the threshold itself', async () => {
    const verifier = new Verifier({ backbone: linearBackbone(pixels), threshold: 0.6, flipSum: false });
    const [a, b] = [image(3, 4, 0, 0), image(1, 0, 0, 0)];
    const result = await verifier.verify(a, b);
    expect(result.cosine).toBeCloseTo(0.6, 6);
    expect(result.probability).toBeNull();
    const cosine = result.cosine;
    const at = (threshold: number) =>
      new Verifier({ backbone: verifier.backbone, threshold, flipSum: false });
    expect((await at(cosine).verify(a, b)).same).toBe(true);
    expect((await at(cosine + 1e-6).verify(a, b)).same).toBe(false);
  });

  it('rejects embeddings without direction and names the image', async () => {
    const verifier = new Verifier({ backbone: linearBackbone(pixels), threshold: 0 });
    const images = tf.tensor4d([1, 0, 0, 0, 0, 0, 0, 0], [2, 2, 2, 1]);
    await expect(verifier.embed(images)).rejects.toThrow(DataError);
    await expect(verifier.embed(images)).rejects.toThrow('image 1 is all zeros');
    const broken = tf.tensor4d([Number.NaN, 0, 0, 0], [1, 2, 2, 1]);
    await expect(verifier.embed(broken)).rejects.toThrow('not finite');
    await expect(verifier.embed(image(1, 0, 0, 0) as unknown as tf.Tensor4D)).rejects.toThrow(ShapeError);
  });
});

describe('thresholds', () => {
  let backbone: Backbone;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    backbone = linearBackbone(pixels);
  });

  it('are checked', () => {
    for (const threshold of [-1.1, 1.1, Number.NaN, '0.3' as unknown as number]) {
      expect(() => new Verifier({ backbone, threshold })).toThrow(ConfigError);
    }
    const calibration = { slope: Number.NaN, offset: 0 };
    expect(() => new Verifier({ backbone, threshold: 0, calibration })).toThrow(ConfigError);
    const question = { kind: 'gallery', size: 0 } as const;
    expect(() => new Verifier({ backbone, threshold: 0, question })).toThrow(ConfigError);
  });

  it('come from pairs: by their balanced curve, or by false accept rate', () => {
    const verifier = new Verifier({ backbone, threshold: 0.9 });
    const cosines = [0.1, 0.2, 0.3, 0.6, 0.4, 0.5, 0.7, 0.8];
    const isSame = [false, false, false, false, true, true, true, true];
    const even = verifier.withCalibration(cosines, isSame);
    expect(even.probability(even.threshold)).toBeCloseTo(0.5, 9);
    // The pairs are symmetric around 0.45: 1 − s of one kind is 0.1 above s of the other.
    expect(even.threshold).toBeCloseTo(0.45, 9);
    const strict = verifier.withCalibration(cosines, isSame, { far: 0 });
    expect(strict.threshold).toBeGreaterThan(0.6);
    expect(strict.threshold).toBeLessThan(0.6 + 1e-9);
    expect(even.probability(0.8)!).toBeGreaterThan(0.5);
    expect(even.probability(0.1)!).toBeLessThan(0.5);
    expect(verifier.threshold).toBe(0.9);
    expect([verifier.question, strict.question]).toEqual([null, { kind: 'far', rate: 0 }]);
    expect(even.question).toEqual({ kind: 'pair', odds: 1 });
    const question = { kind: 'pair', odds: 1 / 3 } as const;
    const rarelySame = verifier.withCalibration(cosines, isSame, { question });
    expect(rarelySame.question).toEqual(question);
    expect(rarelySame.probability(rarelySame.threshold)).toBeCloseTo(0.75, 9);
  });

  it('need pairs of both kinds, and negatives below 1', () => {
    const verifier = new Verifier({ backbone, threshold: 0 });
    expect(() => verifier.withCalibration([0.1, 0.2], [true, true])).toThrow(DataError);
    expect(() => verifier.withCalibration([0.1, 0.2], [false, false])).toThrow(DataError);
    expect(() => verifier.withCalibration([], [])).toThrow(DataError);
    expect(() => verifier.withCalibration([0.1, Number.NaN], [true, false])).toThrow(MetricsError);
    expect(() => verifier.withCalibration([1, 0.5], [false, true], { far: 0 })).toThrow(ConfigError);
    expect(() => verifier.withCalibration([0.1, 0.5], [false, true], { far: 2 })).toThrow(ConfigError);
    const question = { kind: 'pair', odds: 0 } as const;
    expect(() => verifier.withCalibration([0.1, 0.5], [false, true], { question })).toThrow(ConfigError);
    expect(() => verifier.withCalibration([0.1, 0.5], [false, true], { far: 0.1, question })).toThrow(
      /far or question, not both/,
    );
    // The curve falls, the best accuracy rejects all three pairs, and the threshold stays a cosine.
    expect(verifier.withCalibration([1, 1, 0.5], [false, false, true]).threshold).toBe(1);
  });

  it('compares only embeddings of equal length', () => {
    const verifier = new Verifier({ backbone, threshold: 0 });
    expect(() => verifier.compare(new Float32Array(2), new Float32Array(3))).toThrow(ShapeError);
    expect(() => verifier.compare(new Float32Array(0), new Float32Array(0))).toThrow(ShapeError);
  });

  it('compares embeddings that do not have unit length', () => {
    const verifier = new Verifier({ backbone, threshold: 0.6 });
    expect(verifier.compare(Float32Array.of(30, 40), Float32Array.of(0.5, 0))).toMatchObject({
      same: true,
      cosine: 0.6,
    });
    const row = Float32Array.of(0.1, 0.7, -0.3);
    expect(verifier.compare(row, row).cosine).toBe(1);
  });

  it.each<[string, unknown]>([
    ['NaN', Float32Array.of(Number.NaN, 1)],
    ['an infinity', Float32Array.of(1, Number.POSITIVE_INFINITY)],
    ['only zeros', new Float32Array(2)],
    ['a missing value', [1, undefined]],
    ['text', ['1', '0']],
    ['nothing', undefined],
    ['null', null],
  ])('compares no embedding with %s', (_, value) => {
    const verifier = new Verifier({ backbone, threshold: 0 });
    const [broken, sound] = [value as Float32Array, Float32Array.of(0, 1)];
    expect(() => verifier.compare(broken, sound)).toThrow(DataError);
    expect(() => verifier.compare(broken, sound)).toThrow(/^The first embedding /);
    expect(() => verifier.compare(sound, broken)).toThrow(/^The second embedding /);
  });

  it('compares no tensor, and says how to read it', () => {
    const verifier = new Verifier({ backbone, threshold: 0 });
    const tensor = tf.tensor1d([1, 0]) as unknown as Float32Array;
    expect(() => verifier.compare(tensor, Float32Array.of(1, 0))).toThrow(/a tensor: use its data\(\)/);
  });

  it('gives no probability by a curve that falls, or that makes equal images unlikely', () => {
    const row = Float32Array.of(0.6, 0.8);
    for (const calibration of [
      { slope: 2, offset: -1.5 },
      { slope: 0, offset: -1 },
      { slope: -0.5, offset: 1 },
    ]) {
      const verifier = new Verifier({ backbone, threshold: 0, calibration });
      expect(verifier.calibration).toBeNull();
      expect(verifier.compare(row, row)).toMatchObject({ same: true, cosine: 1, probability: null });
    }
    const inverted = new Verifier({ backbone, threshold: 0 }).withCalibration([0.1, 0.9], [true, false]);
    expect(inverted.calibration).toBeNull();
    expect(inverted.probability(1)).toBeNull();
  });

  it('has no probability of a number that is no cosine', () => {
    const verifier = new Verifier({ backbone, threshold: 0, calibration: { slope: -1, offset: 0 } });
    expect(() => verifier.probability(Number.NaN)).toThrow(ConfigError);
  });
});
