import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asBackbone } from '@openset/backbones';
import type { Backbone } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import * as tf from '@tensorflow/tfjs';
import { kept } from '../kept-results.ts';

/** What a frozen network says of pictures: a row of numbers for each. */
export interface Features {
  /** `[rows, size]`, row-major. */
  readonly values: Float32Array;
  readonly size: number;
}

/** The face network of `@vladmandic/human`: 224 × 224 colour pictures in, 1024 numbers out. */
export async function openFaceres(): Promise<Backbone> {
  const { resolve } = createRequire(import.meta.url);
  const folder = join(dirname(resolve('@vladmandic/human')), '..', 'models');
  const model = await tf.loadGraphModel(await fromFiles(join(folder, 'faceres.json')));
  return asBackbone(model, {
    name: 'faceres',
    output: 'global_pooling/Mean',
    embeddingSize: 1024,
    inputShape: [224, 224, 3],
    inputRange: [0, 255],
  });
}

/** A model of tfjs-converter on disk; `file://` is known to tfjs-node alone. */
async function fromFiles(path: string): Promise<tf.io.IOHandler> {
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(path, 'utf8')) as tf.io.ModelJSON;
  const files = weightsManifest.flatMap(({ paths }) => paths);
  const parts = await Promise.all(files.map((file) => readFile(join(dirname(path), file))));
  const bytes = Buffer.concat(parts);
  return tf.io.fromMemory({
    modelTopology,
    weightSpecs: weightsManifest.flatMap(({ weights }) => weights),
    weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
  });
}

/** Pictures that a frozen network looks at. */
export interface Pictures {
  /** Of the file in which the features are kept. */
  readonly name: string;
  readonly source: ImageSource;
  /** Done to the pictures first. */
  readonly alter?: (images: tf.Tensor4D) => tf.Tensor4D;
}

/** The features of sets of pictures, each taken once and kept in a folder. */
export async function keptFeatures(
  { results, openBackbone }: { readonly results: string; readonly openBackbone: () => Promise<Backbone> },
  sets: readonly Pictures[],
): Promise<Features[]> {
  let backbone: Backbone | null = null;
  const all: Features[] = [];
  for (const set of sets) {
    const { values, size } = await kept(results, set.name, set.source.size, async () => {
      backbone ??= await openBackbone();
      const features = await featuresOf(backbone, set);
      return { size: features.size, values: Buffer.from(features.values.buffer).toString('base64') };
    });
    all.push({ size, values: new Float32Array(Uint8Array.from(Buffer.from(values, 'base64')).buffer) });
  }
  (backbone as Backbone | null)?.dispose();
  return all;
}

async function featuresOf(backbone: Backbone, { source, alter }: Pictures): Promise<Features> {
  const [height, width, channels] = backbone.inputShape as [number, number, 1 | 3];
  const size = backbone.embeddingSize;
  const values = new Float32Array(source.size * size);
  let done = 0;
  const loader = createLoader(source, { height, width, channels, batchSize: 16, shuffle: false, workers: 0 });
  for await (const batch of loader) {
    const images = tf.tensor4d(batch.images, [...batch.shape]);
    const rows = tf.tidy(() => backbone.forward(alter ? alter(images) : images));
    values.set(await rows.data(), done * size);
    done += batch.labels.length;
    tf.dispose([images, rows]);
    if (done % 320 === 0 || done === source.size)
      console.error(`features of ${done} of ${source.size} pictures`);
  }
  return { values, size };
}
