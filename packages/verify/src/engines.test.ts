import { DataError, type EmbeddingEngine, EngineError, type ImageBatchShape } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { linearBackbone } from './__fixtures__/linear-backbone.ts';
import { backboneEngine } from './backbone-engine.ts';
import { compareEngines, requireSameEmbeddings } from './check-engine.ts';
import { Verifier } from './verifier.ts';

const shape = [6, 2, 2, 1] as const;
const values = Float32Array.from({ length: 24 }, (_, index) => Math.sin(index + 1));
const matrix = [0, 1, 2, 3].map((row) => [0, 1, 2, 3, 4].map((column) => Math.cos(5 * row + column)));

beforeAll(() => tf.setBackend('cpu'));

/** Notes the shapes of all passes of another engine, and may change its embeddings. */
function recorded(
  engine: EmbeddingEngine,
  change: (rows: Float32Array) => Float32Array = (rows) => rows,
): EmbeddingEngine & { readonly passes: ImageBatchShape[] } {
  const passes: ImageBatchShape[] = [];
  return {
    name: 'other',
    passes,
    async embed(batch, batchShape) {
      passes.push(batchShape);
      return change(await engine.embed(batch, batchShape));
    },
    dispose: async () => {},
  };
}

describe('a verifier with an engine', () => {
  it.each([true, false])('has the embeddings of the backbone, flip sum %s', async (flipSum) => {
    const backbone = linearBackbone(matrix);
    const engine = recorded(backboneEngine(backbone));
    const options = { backbone, flipSum, batchSize: 4, threshold: 0.3 };
    const own = new Verifier(options);
    const other = new Verifier({ ...options, engine });
    const tensor = tf.tensor4d(values, [...shape]);
    const before = tf.memory().numTensors;
    const expected = await own.embed(tensor);
    const found = await other.embed(tensor);
    expect(found).toHaveLength(6);
    for (const [index, row] of expected.entries()) {
      for (const [place, value] of row.entries()) expect(found[index]![place]).toBeCloseTo(value, 6);
    }
    const batches = async function* () {
      yield { images: values.subarray(0, 8), shape: [2, 2, 2, 1] as const };
      yield { images: values.subarray(8), shape: [4, 2, 2, 1] as const };
    };
    expect(await other.embedBatches(batches())).toEqual(found);
    expect(tf.memory().numTensors).toBe(before);
    // A pass has at most batchSize images, mirror images included.
    const counts = engine.passes.map(([count]) => count);
    expect(counts).toEqual(flipSum ? [4, 4, 4, 4, 4, 4] : [4, 2, 2, 4]);
    const pairs = { cosines: [0.9, 0.8, 0.1, 0.2], isSame: [1, 1, 0, 0] };
    expect(other.withCalibration(pairs.cosines, pairs.isSame).engine).toBe(engine);
    tensor.dispose();
    backbone.dispose();
  });

  it('names the image whose embedding has no direction', async () => {
    const backbone = linearBackbone(matrix);
    const engine = recorded(backboneEngine(backbone), (rows) =>
      rows.map((value, at) => (at < 10 ? value : 0)),
    );
    const verifier = new Verifier({ backbone, flipSum: false, batchSize: 6, threshold: 0, engine });
    const tensor = tf.tensor4d(values, [...shape]);
    await expect(verifier.embed(tensor)).rejects.toThrow(DataError);
    await expect(verifier.embed(tensor)).rejects.toThrow('The embedding of image 2 is all zeros');
    tensor.dispose();
    backbone.dispose();
  });
});

describe('requireSameEmbeddings', () => {
  const backbone = () => linearBackbone(matrix);

  it('accepts an engine with the same directions, and returns the differences', async () => {
    const reference = backboneEngine(backbone());
    const twice = recorded(reference, (rows) => rows.map((value) => 2 * value));
    const { cosine, value } = await requireSameEmbeddings(twice, reference, [2, 2, 1]);
    expect(cosine).toBeLessThan(1e-6);
    expect(value).toBeLessThan(1e-6);
  });

  it('refuses other embeddings with the numbers', async () => {
    const reference = backboneEngine(backbone());
    const wrong = recorded(reference, (rows) => rows.map((value, at) => (at === 0 ? value + 0.01 : value)));
    const { value } = await compareEngines(wrong, reference, [2, 2, 1]);
    expect(value).toBeGreaterThan(1e-4);
    const failed = requireSameEmbeddings(wrong, reference, [2, 2, 1]);
    await expect(failed).rejects.toThrow(EngineError);
    await expect(failed).rejects.toThrow(`the largest difference ${value.toPrecision(3)}`);
  });

  it.each([
    ['fewer numbers', (rows: Float32Array) => rows.subarray(1)],
    ['NaN', (rows: Float32Array) => rows.fill(Number.NaN)],
    ['zeros', (rows: Float32Array) => rows.fill(0)],
  ])('refuses %s', async (_, change) => {
    const reference = backboneEngine(backbone());
    const wrong = recorded(reference, change);
    await expect(requireSameEmbeddings(wrong, reference, [2, 2, 1])).rejects.toThrow(EngineError);
  });
});
