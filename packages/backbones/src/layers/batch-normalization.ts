import { batchStatisticsExchange, ShapeError, shapeText } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import type { BatchNormParameters } from '../ops/batch-norm-operands.ts';
import { batchNormTraining } from '../ops/batch-norm-training.ts';
import { valuesPerChannel } from '../ops/channel-sums.ts';
import { freezeWeight, type Layer, type Pass, weightOf, withComputation } from './stock-layer.ts';

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
  return withComputation(layer, ([x], pass) => {
    const parameters = batchNormParameters(layer, x!, pass);
    if (pass.training) return batchNormTraining(x!, parameters);
    const [mean, variance] = [weightOf(layer, 'moving_mean'), weightOf(layer, 'moving_variance')];
    const { scale, offset } = parameters;
    return tf.batchNorm(x!, mean as tf.Tensor1D, variance as tf.Tensor1D, offset, scale, epsilon);
  });
}

/**
 * Returns the parameters of a batch norm for a pass over `x`, with its running statistics if they move.
 *
 * @throws ShapeError for training on one value per channel
 */
export function batchNormParameters(
  layer: Layer,
  x: tf.Tensor,
  { training, replay = false }: Pass,
): BatchNormParameters {
  const parameters = {
    scale: weightOf<tf.Tensor1D>(layer, 'gamma'),
    offset: weightOf<tf.Tensor1D>(layer, 'beta'),
    epsilon,
  };
  if (!training) return parameters;
  const count = valuesPerChannel(x);
  // Of the rows of all ranks, the operation itself checks it.
  if (count < 2 && !batchStatisticsExchange()) {
    throw new ShapeError(
      `The batch norm '${layer.name}' has ${count} value per channel in an input ${shapeText(x.shape)}, but needs at least 2 ` +
        'to train. Use a larger batch.',
    );
  }
  if (replay) return parameters;
  const running = {
    mean: weightOf<tf.Variable>(layer, 'moving_mean'),
    variance: weightOf<tf.Variable>(layer, 'moving_variance'),
    momentum,
  };
  return { ...parameters, running };
}

function freezeAfterBuild(layer: Layer): void {
  const { build } = layer;
  layer.build = (inputShape) => {
    build.call(layer, inputShape);
    freezeWeight(layer, 'gamma');
  };
}
