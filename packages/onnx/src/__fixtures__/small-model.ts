import * as tf from '@tensorflow/tfjs';
import { randomizeWeights } from './run-onnx.ts';

/** A symbolic tensor of tfjs-layers. */
export type Symbolic = tf.SymbolicTensor;

/**
 * Returns a model with random weights that applies `body` to an image `[height, width, channels]`. Flattens the result if it
 * is not a vector.
 */
export function smallModel(
  shape: readonly (number | null)[],
  body: (image: Symbolic) => Symbolic,
): tf.LayersModel {
  const image = tf.input({ shape: [...shape] });
  const result = body(image) as Symbolic;
  const outputs = result.rank === 2 ? result : (tf.layers.flatten().apply(result) as Symbolic);
  const model = tf.model({ inputs: image, outputs });
  randomizeWeights(model);
  return model;
}

/** Returns a model that is a list of layers. */
export function chain(shape: readonly (number | null)[], ...layers: Layer[]): tf.LayersModel {
  return smallModel(shape, (image) => layers.reduce((value, layer) => layer.apply(value) as Symbolic, image));
}

/** A layer of tfjs-layers. */
export type Layer = tf.layers.Layer;
