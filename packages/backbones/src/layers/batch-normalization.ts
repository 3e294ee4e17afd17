import { ShapeError, shapeText } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { batchNormTraining } from '../ops/batch-norm-training.ts';
import { valuesPerChannel } from '../ops/channel-sums.ts';
import { freezeWeight, type Layer, weightOf, withComputation } from './stock-layer.ts';

/** PyTorch's defaults, which the papers' networks use. PyTorch's momentum is 1 minus this one of Keras. */
const momentum = 0.9;
const epsilon = 1e-5;

/**
 * Creates a batch norm over the last axis, with PyTorch's semantics.
 * @param options `zeroGamma`: the initial γ is 0, not 1; `frozenGamma`: γ is not trained
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
        `The batch norm '${name}' has ${count} value per channel in an input ${shapeText(x!.shape)}, but needs at least 2 ` +
          'to train. Use a larger batch.',
      );
    }
    return batchNormTraining(x!, { scale, offset, epsilon }, (mean, variance) => {
      if (replay) return;
      updateStatistic(layer, 'moving_mean', mean);
      // PyTorch normalises with the biased variance, and stores the unbiased one for evaluation.
      updateStatistic(layer, 'moving_variance', tf.mul(variance, count / (count - 1)));
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

/** Moves a running statistic towards `value`. Runs inside an operation, which records nothing and frees temporaries. */
function updateStatistic(layer: Layer, name: string, value: tf.Tensor): void {
  const variable = weightOf<tf.Variable>(layer, name);
  variable.assign(tf.add(tf.mul(variable, momentum), tf.mul(value, 1 - momentum)));
}
