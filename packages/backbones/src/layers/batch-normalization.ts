import { ShapeError, shapeText } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { batchNormTraining } from '../ops/batch-norm-training.ts';
import { valuesPerChannel } from '../ops/channel-sums.ts';
import { freezeWeight, type Layer, weightOf, withComputation } from './stock-layer.ts';

/** PyTorch's defaults, which the papers' networks use; Keras counts the momentum the other way round. */
const momentum = 0.9;
const epsilon = 1e-5;

/**
 * A batch norm over the last axis, with PyTorch's semantics.
 * @param options `zeroGamma`: γ starts at 0, not 1; `frozenGamma`: γ is not trained
 */
export function batchNormalization(
  name: string,
  { zeroGamma = false, frozenGamma = false }: { zeroGamma?: boolean; frozenGamma?: boolean } = {},
): Layer {
  const gammaInitializer = zeroGamma ? 'zeros' : 'ones';
  const layer = layers.batchNormalization({ name, momentum, epsilon, gammaInitializer });
  if (frozenGamma) freezeAfterBuild(layer);
  return withComputation(layer, ([x], { training, replay }) => {
    const scale = weightOf<tf.Tensor1D>(layer, 'gamma');
    const offset = weightOf<tf.Tensor1D>(layer, 'beta');
    if (!training) {
      const [mean, variance] = [weightOf(layer, 'moving_mean'), weightOf(layer, 'moving_variance')];
      return tf.batchNorm(x!, mean as tf.Tensor1D, variance as tf.Tensor1D, offset, scale, epsilon);
    }
    const count = valuesPerChannel(x!);
    if (count < 2) {
      throw new ShapeError(
        `The batch norm '${name}' needs at least 2 values a channel to train, but has ${count}: its input is of shape ` +
          `${shapeText(x!.shape)}. Use a larger batch.`,
      );
    }
    return batchNormTraining(x!, { scale, offset, epsilon }, (mean, variance) => {
      if (replay) return;
      move(layer, 'moving_mean', mean);
      // PyTorch normalises with the biased variance, and keeps the unbiased one for evaluation.
      move(layer, 'moving_variance', tf.mul(variance, count / (count - 1)));
    });
  });
}

function freezeAfterBuild(layer: Layer): void {
  const { build } = layer;
  layer.build = (inputShape) => {
    build.call(layer, inputShape);
    freezeWeight(layer, 'gamma');
  };
}

/** Runs inside an operation: nothing of it is recorded, and what is left over is freed with it. */
function move(layer: Layer, name: string, value: tf.Tensor): void {
  const variable = weightOf<tf.Variable>(layer, name);
  variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(value, 1 - momentum)));
}
