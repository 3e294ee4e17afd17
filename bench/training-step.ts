import { lresnetIR } from '@openset/backbones';
import { minimize, type OpenSetLoss } from '@openset/core';
import { Sgd } from '@openset/train';
import * as tf from '@tensorflow/tfjs';
import { sampleLabels } from './wasm-kernel.ts';

/** Network, loss and data of a training step. */
export interface TrainingTask {
  readonly depth: 18 | 50;
  /** Side of the colour images, in pixels. */
  readonly side: number;
  readonly batch: number;
  readonly classes: number;
  /** Loss; `dispose` of the step disposes of it too. */
  readonly loss: OpenSetLoss;
  readonly learningRate: number;
}

/** Prepares a training step of LResNetE-IR on a fixed batch: forward, backward, SGD, and the loss's memory. */
export function makeTrainingStep({ depth, side, batch, classes, loss, learningRate }: TrainingTask) {
  const backbone = lresnetIR({ depth, inputSize: side });
  const optimizer = new Sgd({ learningRate, momentum: 0.9, weightDecay: 5e-4 });
  const images = tf.randomUniform([batch, side, side, 3], -1, 1, 'float32', 1) as tf.Tensor4D;
  const labels = sampleLabels(batch, classes);
  return {
    step: () => {
      const embed = () => backbone.forward(images, { training: true });
      const value = minimize(optimizer, loss, embed, labels, { context: { epoch: 9 } });
      backbone.afterStep?.();
      value.dataSync();
      value.dispose();
    },
    dispose: () => {
      backbone.dispose();
      loss.dispose();
      optimizer.dispose();
      tf.dispose([images, labels]);
    },
  };
}
