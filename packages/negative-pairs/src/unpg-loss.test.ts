import { plainCosines, plainCriterion, plainTargets } from '@openset/testkit';
import { lossConformance, lossFixtures, type Surrogate } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { unpgDescriptor } from './unpg-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));
const [scale, margin, whisker] = [16, 0.4, 0.3];

/** UNPG over CosFace, with the pairs that count at one point. */
const surrogate: Surrogate = (loss, start, labels) => {
  const [weight] = loss.trainable;
  const classes = labels.dataSync();
  const cosines = plainCosines(start, start).dataSync();
  const pairs = [...cosines.keys()].filter((place) => {
    const [row, other] = [Math.floor(place / classes.length), place % classes.length];
    return row < other && classes[row] !== classes[other];
  });
  const sorted = pairs.map((place) => cosines[place]!).sort((a, b) => a - b);
  const [first, third] = [1, 3].map((quarters) => sorted[Math.floor((quarters * pairs.length) / 4)]!);
  const reach = whisker * (third! - first!);
  const kept = pairs.filter(
    (place) => cosines[place]! >= first! - reach && cosines[place]! <= third! + reach,
  );
  if (kept.length === 0 || kept.length === pairs.length) throw new Error('No pair is left out, or all are.');
  return (embeddings) => {
    const own = tf.mul(plainTargets(labels, 7), margin);
    const ofClasses = tf.sub(plainCosines(embeddings, weight as tf.Tensor2D), own);
    const ofPairs = tf.gather(tf.reshape(plainCosines(embeddings, embeddings), [-1]), kept);
    const everyRow = tf.tile(tf.reshape(ofPairs, [1, -1]), [classes.length, 1]);
    return plainCriterion(tf.concat([ofClasses, everyRow], 1) as tf.Tensor2D, labels, {
      criterion: 'softmax',
      scale,
    });
  };
};

lossConformance(unpgDescriptor, { fixtures, surrogate });
