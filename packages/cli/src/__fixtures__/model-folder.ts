import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll } from 'vitest';
import { useBackend } from '../backends.ts';
import { writePeople } from './people-folder.ts';
import { writeSmallModel } from './small-model.ts';

/**
 * Creates a folder for the tests of a file. It has people in `faces`, two others in `strangers`, an untrained network that
 * separates their coarse patterns as `model.safetensors` and `weights.safetensors`, and `text.jpg`, which is not an image.
 * Uses the cpu backend.
 */
export function useModelFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'openset-models-'));
  const at = (...path: string[]) => join(folder, ...path);
  const common = { model: at('model.safetensors'), backend: 'cpu' } as const;
  beforeAll(async () => {
    await useBackend('cpu');
    await writePeople(at('faces'), { people: 4, images: 4 });
    await writePeople(at('strangers'), { people: 2, images: 2, first: 20 });
    await writeSmallModel({ model: common.model, weights: at('weights.safetensors') });
    await writeFile(at('text.jpg'), 'not an image');
  });
  afterAll(() => rm(folder, { recursive: true }));
  return {
    folder,
    at,
    /** Options of every command. */
    common,
    /** Returns the path of an image in `faces`. */
    image: (person: number, number: number) => at('faces', `person-${person}`, `image-${number}.png`),
    /** Returns options that import the weights of the same network. */
    importOptions: () => ({
      weights: at('weights.safetensors'),
      network: 'small-cnn',
      options: { width: 4, embeddingSize: 8, inputSize: 16 },
      threshold: 0.5,
      backend: 'cpu' as const,
      out: at('imported.safetensors'),
    }),
  };
}

/** Reads the description in a model file. */
export async function describeModel(path: string) {
  const { description, state } = decodeModel(await readFile(path));
  tf.dispose(state);
  return description;
}
