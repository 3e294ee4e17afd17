import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { ConfigError, DataError, WorkerError } from '@openset/core';
import { ImageRefusedError, QueueFullError, type Recognizer } from '@openset/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { useBackend } from '../backends.ts';
import { imageFileSource } from '../images/image-files.ts';
import { embedFaces } from '../model/embed-faces.ts';
import { embedImages } from '../model/embed-images.ts';
import { loadModel, readingFor } from '../model/load-model.ts';
import { startWorker } from '../workers/start-worker.ts';
import { openRecognizer } from './open-recognizer.ts';

const { at, common, image } = useModelFolder();

/** Checks that two embeddings are the same but for rounding. */
function expectEqual(actual: Float32Array | null, expected: Float32Array): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, k) => {
    expect(Math.abs(actual![k]! - value)).toBeLessThan(1e-6);
  });
}

describe('a model without a crop, in two threads', () => {
  const threads: Worker[] = [];
  let recognizer: Recognizer;
  beforeAll(async () => {
    const options = { ...common, workers: 2, limits: { queue: 8 }, batch: { size: 2 } };
    recognizer = await openRecognizer(options, (setup) => {
      threads.push(startWorker('recognizer-worker', setup));
      return threads.at(-1)!;
    });
  });
  afterAll(() => recognizer.close());

  it('tells the model, with its fingerprint', () => {
    expect(recognizer.model).toMatchObject({
      ...{ name: common.model, embeddingSize: 8, source: 'learned' },
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      description: { threshold: 0.9 },
    });
  });

  it('embeds as openset embed', async () => {
    const model = await loadModel(common.model);
    const paths = [0, 1, 2, 3].map((person) => image(person, 0));
    const reading = { ...readingFor(model, {}), featureCache: 'off' };
    const expected = await embedImages(model.verifier, imageFileSource(paths), recordOutput(), reading);
    model.dispose();
    const found = await Promise.all(paths.map(async (path) => recognizer.recognize(await readFile(path))));
    found.forEach(({ faces }, index) => {
      expectEqual(faces[0]!.embedding, expected.row(index));
    });
  });

  it('refuses what is no image', async () => {
    const refused = recognizer.recognize(await readFile(at('text.jpg')));
    await expect(refused).rejects.toThrow(ImageRefusedError);
    await expect(refused).rejects.toMatchObject({ code: 'not-an-image' });
  });

  it('answers every call that it accepts under overload, and works afterwards', async () => {
    const bytes = await readFile(image(0, 0));
    const calls = Array.from({ length: 100 }, () => recognizer.recognize(new Uint8Array(bytes)));
    const results = await Promise.allSettled(calls);
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused.every((error) => error instanceof QueueFullError)).toBe(true);
    // Two threads take 4 calls each, and 8 wait.
    expect(refused).toHaveLength(100 - 16);
    expect((await recognizer.recognize(bytes)).faces).toHaveLength(1);
    expect(recognizer.pending).toBe(0);
  });

  it('replaces a thread that ends, whose calls fail', async () => {
    const bytes = await readFile(image(0, 0));
    const calls = Array.from({ length: 8 }, () => recognizer.recognize(new Uint8Array(bytes)));
    const settled = Promise.allSettled(calls);
    void threads[0]!.terminate();
    const lost = (await settled).flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(lost.length).toBeLessThanOrEqual(4);
    expect(lost.every((error) => error instanceof WorkerError)).toBe(true);
    await expect.poll(() => threads.length).toBe(3);
    expect((await recognizer.recognize(bytes)).faces).toHaveLength(1);
  });
});

describe('photos of faces', () => {
  it('finds and embeds the same faces as embedFaces in this thread', async () => {
    await useBackend('wasm', { threads: 1 });
    const { resolve } = createRequire(import.meta.url);
    const demo = join(dirname(resolve('@vladmandic/face-api/package.json')), 'demo');
    const paths = [join(demo, 'sample4.jpg')];
    const model = await loadModel('faceres');
    const reading = readingFor(model, {});
    const expected = await embedFaces(model.verifier, imageFileSource(paths), 'all', recordOutput(), reading);
    model.dispose();
    const recognizer = await openRecognizer({ model: 'faceres', workers: 1 });
    try {
      const found = await Promise.all(paths.map(async (path) => recognizer.recognize(await readFile(path))));
      const faces = found.flatMap((each) => each.faces);
      expect(faces).toHaveLength(expected.rows.length);
      expect(faces.length).toBeGreaterThan(2);
      for (const { box, score, embedding } of faces) {
        const row = expected.rows.findIndex(({ face }) => face!.box.x === box!.x && face!.box.y === box!.y);
        expect({ box, score }).toEqual({
          box: expected.rows[row]!.face!.box,
          score: expected.rows[row]!.face!.score,
        });
        expectEqual(embedding, expected.row(row));
      }
    } finally {
      await recognizer.close();
    }
  });
});

it('crops faces for a model without a crop with align: true', async () => {
  const recognizer = await openRecognizer({ ...common, backend: 'wasm', workers: 1, align: true });
  try {
    expect(recognizer.model.description.crop).toEqual({ kind: 'points' });
    // The detector finds no face on the patterns.
    expect((await recognizer.recognize(await readFile(image(0, 0)))).faces).toEqual([]);
  } finally {
    await recognizer.close();
  }
});

it('rejects a model that does not exist, and options out of range', async () => {
  await expect(openRecognizer({ ...common, model: at('none'), workers: 1 })).rejects.toThrow(DataError);
  for (const options of [
    { workers: 0 },
    { limits: { pixels: 0 } },
    { batch: { size: 33 } },
    { timeout: 0 },
  ]) {
    await expect(openRecognizer({ ...common, ...options })).rejects.toThrow(ConfigError);
  }
  await expect(openRecognizer({ ...common, backend: 'node', workers: 2 })).rejects.toThrow(
    '2 workers need the backend wasm',
  );
});
