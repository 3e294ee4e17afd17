import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asBackbone } from '@openset/backbones';
import type { Backbone } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import * as tf from '@tensorflow/tfjs';
import { reuseResult } from '../reuse-result.ts';

/** Outputs of a frozen network: a row of numbers for each image. */
export interface Features {
  /** `[rows, size]`, row-major. */
  readonly values: Float32Array;
  readonly size: number;
}

/** Opens the face network of `@vladmandic/human`: colour images of 224 × 224 in, 1024 numbers out. */
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

/** Reads a model of tfjs-converter from disk; only tfjs-node supports `file://`. */
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

/** A set of images for a frozen network. */
export interface FeatureInput {
  /** Name of the file that stores the features. */
  readonly name: string;
  readonly source: ImageSource;
  /** Transformation of the images before the network. */
  readonly alter?: (images: tf.Tensor4D) => tf.Tensor4D;
}

/** Returns the features of image sets; each set is computed once and stored in a folder. */
export async function loadOrComputeFeatures(
  { results, openBackbone }: { readonly results: string; readonly openBackbone: () => Promise<Backbone> },
  sets: readonly FeatureInput[],
): Promise<Features[]> {
  let backbone: Backbone | null = null;
  const all: Features[] = [];
  for (const set of sets) {
    const { values, size } = await reuseResult(results, set.name, set.source.size, async () => {
      backbone ??= await openBackbone();
      const features = await computeFeatures(backbone, set);
      return { size: features.size, values: Buffer.from(features.values.buffer).toString('base64') };
    });
    all.push({ size, values: new Float32Array(Uint8Array.from(Buffer.from(values, 'base64')).buffer) });
  }
  (backbone as Backbone | null)?.dispose();
  return all;
}

async function computeFeatures(backbone: Backbone, { source, alter }: FeatureInput): Promise<Features> {
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
      console.error(`features of ${done} of ${source.size} images`);
  }
  return { values, size };
}
