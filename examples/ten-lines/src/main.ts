// Trains a plain tfjs model with one loss: embeddings of two-dimensional points, and the threshold between them and classes.
import { BceUnifiedLoss } from '@openset/bce-unified';
import { minimize } from '@openset/core';
import * as tf from '@tensorflow/tfjs';

const model = tf.sequential({
  layers: [
    tf.layers.dense({ units: 16, activation: 'relu', inputShape: [2] }),
    tf.layers.dense({ units: 8 }),
  ],
});
const loss = new BceUnifiedLoss({ numClasses: 3, embeddingSize: 8, scale: 16, margin: 0 });
const optimizer = tf.train.momentum(0.2, 0.9);
const labels = tf.tensor1d(
  Array.from({ length: 90 }, (_, index) => index % 3),
  'int32',
);
const points = tf.randomNormal([90, 2], 0, 0.3, 'float32', 1).add(
  tf.gather(
    tf.tensor2d([
      [2, 0],
      [-1, 2],
      [-1, -2],
    ]),
    labels,
  ),
);

for (let step = 0; step < 200; step++) {
  minimize(optimizer, loss, () => model.apply(points, { training: true }) as tf.Tensor2D, labels).dispose();
}
console.log(
  'same class if the cosine with the class weight is at least',
  loss.threshold()?.cosine.toFixed(3),
);
