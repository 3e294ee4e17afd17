import type { NetworkBackbone } from '@openset/backbones';
import * as tf from '@tensorflow/tfjs-core';
import { model, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** A place where a PReLU's input is so near to 0 that rounding decides on its sign, and thereby on the slope there. */
export interface PReluKink {
  /** The bias of the batch norm before, and the channel in it. */
  readonly bias: tf.Variable;
  readonly channel: number;
  /** The input of the PReLU. */
  readonly value: number;
}

/**
 * Finds the inputs of all PReLUs that are at most `limit` away from 0 in a training pass, the nearest first.
 * @param most how many of them, at most
 */
export async function findKinks(
  backbone: NetworkBackbone,
  images: tf.Tensor4D,
  { limit, most }: { limit: number; most: number },
): Promise<PReluKink[]> {
  const prelus = backbone.model.layers.filter((layer) => layer.getClassName() === 'PReLU');
  const inputs = prelus.map((layer) => layer.input as SymbolicTensor);
  const found: PReluKink[] = [];
  for (const input of inputs) {
    // Not disposed of: that would dispose of the backbone's layers.
    const probe = model({ inputs: backbone.model.inputs, outputs: input });
    const tensor = tf.tidy(() => probe.apply(images, { training: true }) as tf.Tensor);
    const values = await tensor.data<'float32'>();
    const channels = tensor.shape.at(-1)!;
    tensor.dispose();
    const name = `${input.sourceLayer.name}.bias`;
    const bias = backbone.weights.find((weight) => weight.name === name)!.variable;
    values.forEach((value, place) => {
      if (Math.abs(value) <= limit) found.push({ bias, channel: place % channels, value });
    });
  }
  return found.sort((a, b) => Math.abs(a.value) - Math.abs(b.value)).slice(0, most);
}

/**
 * Moves the channel's bias so that the place comes to lie on the other side of 0, just as far away.
 * @returns takes it back
 */
export async function crossKink({ bias, channel, value }: PReluKink): Promise<() => void> {
  const before = await bias.data<'float32'>();
  // At 0 the slope counts: the other side is above.
  const after = before.map((offset, index) => (index === channel ? offset - (2 * value || -1e-7) : offset));
  const assign = (values: Float32Array) => tf.tidy(() => bias.assign(tf.tensor(values, bias.shape)));
  assign(after);
  return () => assign(before);
}
