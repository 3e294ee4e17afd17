import { randomNumbers } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import { createSession } from '../engine/create-session.ts';
import { exportOnnx } from '../export-onnx.ts';
import type { OnnxExportOptions, OnnxSource } from '../export-options.ts';

/** A reference computation from images `[batch, height, width, channels]` to embeddings. */
type Reference = (images: tf.Tensor4D) => tf.Tensor;

/** Sets all weights to random values that reveal mistakes: none is 0 or 1; running variances are positive and differ. */
export function randomizeWeights(model: tf.LayersModel, seed = 1): void {
  const random = randomNumbers(seed);
  for (const weight of model.weights) {
    const tensor = weight.read();
    const fanIn = tensor.rank > 1 ? tensor.size / tensor.shape.at(-1)! : 1;
    const spread = 1 / Math.sqrt(fanIn);
    const isPositive = weight.originalName.endsWith('variance') || weight.originalName.endsWith('gamma');
    const values = Float32Array.from({ length: tensor.size }, () =>
      isPositive ? 0.4 + 1.2 * random() : spread * 2 * (random() - 0.5) * Math.sqrt(3),
    );
    tf.tidy(() => {
      weight.write(tf.tensor(values, tensor.shape));
    });
  }
}

/** Returns random images with values from `minimum` to `maximum`; the same for a seed. */
export function randomImages(
  shape: readonly [number, number, number, number],
  [minimum, maximum]: readonly [number, number] = [-1, 1],
  seed = 7,
): tf.Tensor4D {
  const random = randomNumbers(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: size }, () => minimum + (maximum - minimum) * random());
  return tf.tensor4d(values, [...shape]);
}

/** Runs a file in onnxruntime on images `[batch, height, width, channels]`, in the file's layout and type. */
export async function runOnnx(
  bytes: Uint8Array,
  images: tf.Tensor4D,
  { layout = 'nchw', inputType = 'float32' }: Pick<OnnxExportOptions, 'layout' | 'inputType'> = {},
): Promise<{ values: Float32Array; shape: readonly number[] }> {
  const session = await createSession(ort, bytes);
  const fed = layout === 'nchw' ? tf.transpose(images, [0, 3, 1, 2]) : images;
  const numbers = (await fed.data()) as Float32Array;
  const data = inputType === 'uint8' ? Uint8Array.from(numbers) : numbers;
  const { embedding } = await session.run({ input: new ort.Tensor(inputType, data, fed.shape) });
  await session.release();
  return { values: (await embedding!.getData()) as Float32Array, shape: embedding!.dims };
}

/** Compares the file of a source with tfjs, or with another computation, on batches of 1 and 5. */
export async function expectAgreement(
  source: tf.LayersModel | { readonly model: unknown },
  options: OnnxExportOptions = {},
  { reference, range = [-1, 1], size }: AgreementOptions = {},
): Promise<Uint8Array> {
  const bytes = await exportOnnx(source as OnnxSource, options);
  const model = ('layers' in source ? source : source.model) as tf.LayersModel;
  const [, height, width, channels] = model.inputs[0]!.shape;
  const compute = reference ?? ((images) => model.predict(images) as tf.Tensor);
  for (const batch of [1, 5]) {
    const shape = [batch, height ?? size![0], width ?? size![1], channels!] as const;
    const drawn = randomImages(shape, range, batch);
    const images = options.inputType === 'uint8' ? tf.round(drawn) : drawn;
    const expected = compute(images);
    const { values, shape: found } = await runOnnx(bytes, images, options);
    expect(found).toEqual([batch, expected.size / batch]);
    expectClose(values, (await expected.data()) as Float32Array);
    tf.dispose([drawn, images, expected]);
  }
  return bytes;
}

/** Options of a comparison. */
export interface AgreementOptions {
  /** Reference computation; default the model's `predict`. */
  readonly reference?: Reference;
  /** Range of the images' values; default [-1, 1]. */
  readonly range?: readonly [number, number];
  /** Height and width of the images, if the model accepts any. */
  readonly size?: readonly [number, number];
}

/** Checks that the length of the difference is at most `tolerance` times that of the expected vector. */
export function expectClose(found: Float32Array, expected: Float32Array, tolerance = 1e-5): void {
  const norm = (values: Float32Array) => Math.hypot(...values);
  const difference = norm(found.map((value, index) => value - expected[index]!));
  expect(difference / norm(expected)).toBeLessThan(tolerance);
}
