import { plainCosines } from '@openset/testkit';
import { lossConformance, lossFixtures, type Surrogate } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { tcmDescriptor } from './tcm-loss.ts';

const fixtures = lossFixtures(new URL('../../cli/src/__fixtures__/more-losses.json', import.meta.url));

/** TCM with the pairs that count at one point. */
const surrogate: Surrogate = (_, start, labels) => {
  const classes = labels.dataSync();
  const cosines = plainCosines(start, start).dataSync();
  const places = [...cosines.keys()].map((place) => {
    const [row, other] = [Math.floor(place / classes.length), place % classes.length];
    return { place, isPair: row !== other, isSame: classes[row] === classes[other], cosine: cosines[place]! };
  });
  const find = (isHard: (pair: (typeof places)[number]) => boolean) =>
    places.filter((pair) => pair.isPair && isHard(pair)).map(({ place }) => place);
  const positive = find(({ isSame, cosine }) => isSame && cosine <= 0.9);
  const negative = find(({ isSame, cosine }) => !isSame && cosine >= 0.2);
  if (positive.length === 0 || negative.length === 0) throw new Error('No pair counts.');
  return (embeddings) => {
    const all = tf.reshape(plainCosines(embeddings, embeddings), [-1]);
    const meanOf = (pairs: number[]) => tf.mean(tf.gather(all, tf.tensor1d(pairs, 'int32')));
    return tf.add(tf.sub(0.9, meanOf(positive)), tf.sub(meanOf(negative), 0.2)) as tf.Scalar;
  };
};

lossConformance(tcmDescriptor, { fixtures, surrogate });
