import type { NetworkBackbone } from '@openset/backbones';
import * as tf from '@tensorflow/tfjs-core';
import { model, type SymbolicTensor } from '@tensorflow/tfjs-layers';

/** An input of a PReLU so near to 0 that rounding decides its sign, and thus the slope. */
export interface PReluKink {
  /** Bias of the batch norm before the PReLU. */
  readonly bias: tf.Variable;
  /** Index of the channel in `bias`. */
  readonly channel: number;
  /** Input of the PReLU. */
  readonly value: number;
}

/**
 * Finds the inputs of all PReLUs with a magnitude of at most `limit` in a training pass, nearest to 0 first.
 * @param maximum number of inputs
 */
export async function findKinks(
  backbone: NetworkBackbone,
  images: tf.Tensor4D,
  { limit, maximum }: { limit: number; maximum: number },
): Promise<PReluKink[]> {
  const prelus = backbone.model.layers.filter((layer) => layer.getClassName() === 'PReLU');
  const inputs = prelus.map((layer) => layer.input as SymbolicTensor);
  const found: PReluKink[] = [];
  for (const input of inputs) {
    // Disposing of the model would dispose of the backbone's layers.
    const probe = model({ inputs: backbone.model.inputs, outputs: input });
    const tensor = tf.tidy(() => probe.apply(images, { training: true }) as tf.Tensor);
    const values = await tensor.data<'float32'>();
    const channels = tensor.shape.at(-1)!;
    tensor.dispose();
    const name = `${input.sourceLayer.name}.bias`;
    const bias = backbone.weights.find((weight) => weight.name === name)!.variable;
    values.forEach((value, index) => {
      if (Math.abs(value) <= limit) found.push({ bias, channel: index % channels, value });
    });
  }
  return found.sort((a, b) => Math.abs(a.value) - Math.abs(b.value)).slice(0, maximum);
}

/**
 * Changes the channel's bias so that the input has the same magnitude on the other side of 0.
 * @returns a function that restores the bias
 */
export async function crossKink({ bias, channel, value }: PReluKink): Promise<() => void> {
  const before = await bias.data<'float32'>();
  // At 0 the negative slope applies, so the other side is positive.
  const after = before.map((offset, index) => (index === channel ? offset - (2 * value || -1e-7) : offset));
  const assign = (values: Float32Array) => tf.tidy(() => bias.assign(tf.tensor(values, bias.shape)));
  assign(after);
  return () => assign(before);
}
