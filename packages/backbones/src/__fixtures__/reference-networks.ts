import { readFileSync } from 'node:fs';
import type { BackboneConfig } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { createBackbone } from '../create-backbone.ts';
import type { NetworkBackbone } from '../network-backbone.ts';
import { loadPyTorchState, type PyTorchTensors, toPyTorchState } from '../pytorch-state.ts';

/** Results of PyTorch for a tiny version of a network (`make-networks.py`). */
export interface ReferenceNetwork {
  readonly config: BackboneConfig;
  readonly inputShapeNCHW: readonly [number, number, number, number];
  readonly parameterOrder: readonly string[];
  readonly slopes: readonly string[];
  readonly evaluation: readonly number[];
  readonly training: readonly number[];
  readonly gradientNorms: Readonly<Record<string, number>>;
  /** Sums of the running statistics after one training pass. */
  readonly runningAfter: Readonly<Record<string, number>>;
}

/** The reference results of all networks. */
export const referenceNetworks: readonly ReferenceNetwork[] = JSON.parse(
  readFileSync(new URL('./networks.json', import.meta.url), 'utf8'),
).networks;

/** Returns the pseudo-random numbers of the reference, in [−1, 1). */
export function uniformNumbers(index: number, size: number): Float32Array {
  let state = Math.imul(index + 1, 2654435761);
  const values = new Float32Array(size);
  for (let place = 0; place < size; place++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[place] = state / 2 ** 31 - 1;
  }
  return values;
}

/** Returns the weights of the reference by its formula, in PyTorch's layouts. */
export async function referenceState({
  config,
  parameterOrder,
  slopes,
}: ReferenceNetwork): Promise<PyTorchTensors> {
  const empty = createBackbone(config);
  const own = await toPyTorchState(empty);
  empty.dispose();
  const rangeOf = (name: string, shape: readonly number[]): [start: number, spread: number] => {
    if (shape.length > 1)
      return [0, Math.sqrt(3 / shape.slice(1).reduce((size, length) => size * length, 1))];
    if (name.endsWith('running_var')) return [1, 0.2];
    if (name.endsWith('running_mean') || name.endsWith('bias')) return [0, 0.1];
    return slopes.includes(name) ? [0.25, 0.05] : [1, 0.1];
  };
  const entries = parameterOrder.map((name, index) => {
    const { shape, data } = own[name]!;
    const [start, spread] = rangeOf(name, shape);
    return [name, { shape, data: uniformNumbers(index, data.length).map((value) => start + spread * value) }];
  });
  return Object.fromEntries(entries);
}

/** Returns the network with the reference's weights. */
export async function referenceBackbone(reference: ReferenceNetwork, options = {}): Promise<NetworkBackbone> {
  const backbone = createBackbone({ ...reference.config, ...options });
  loadPyTorchState(backbone, await referenceState(reference));
  return backbone;
}

/** Returns the images of the reference. */
export function referenceImages({ inputShapeNCHW: shape }: ReferenceNetwork): tf.Tensor4D {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tidy(() => tf.transpose(tf.tensor4d(uniformNumbers(9000, size), [...shape]), [0, 2, 3, 1]));
}

/** Returns the embeddings of a training pass and the gradients of Σ embeddings · coefficients by name in the state. */
export async function trainingPass(
  backbone: NetworkBackbone,
  images: tf.Tensor4D,
  seed = 0,
): Promise<{ embeddings: Float32Array; gradients: Record<string, Float32Array> }> {
  const [kept, grads] = tf.tidy(() => {
    let kept: tf.Tensor | undefined;
    const { grads } = tf.variableGrads(() => {
      kept = tf.keep(backbone.forward(images, { training: true, seed }));
      const coefficients = tf.tensor(uniformNumbers(9001, kept.size), kept.shape);
      return tf.sum(tf.mul(kept, coefficients)) as tf.Scalar;
    }, [...backbone.trainable]);
    return [kept!, grads];
  });
  const embeddings = await kept.data<'float32'>();
  const gradients: Record<string, Float32Array> = {};
  for (const { name, variable } of backbone.weights) {
    const gradient = grads[variable.name];
    if (gradient) gradients[name] = await gradient.data<'float32'>();
  }
  tf.dispose([kept, grads]);
  return { embeddings, gradients };
}
