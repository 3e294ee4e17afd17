import type { SplitBackbone } from '@openset/core';
import { bestAccuracy, pairSimilarities } from '@openset/metrics';
import { isPretrainedWord } from '@openset/pretrained';
import * as tf from '@tensorflow/tfjs-core';
import type { PairMeasurements } from '../evaluation/measure-pairs.ts';
import { aligned, percent } from '../evaluation/texts.ts';
import { readFeatures } from '../features/feature-source.ts';
import { type PairSet, pairsAmong } from '../images/pair-set.ts';

/** The frozen network without the head that was trained on it, on the pairs of a run. */
export interface FrozenBaseline {
  /** Name of the network. */
  readonly network: string;
  /** Accuracy at its best threshold in hindsight, from 0 to 1. */
  readonly accuracy: number;
}

/** Width of the labels of the result of a run. */
const labelWidth = 'learned threshold'.length;

/**
 * Measures the features of a frozen network as embeddings.
 * @param pairs of features, as `prepareData` returns them for a network with a frozen part
 * @returns null if the frozen part ends inside the network, where its output is a map and no embedding
 */
export async function measureFrozen(pairs: PairSet, split: SplitBackbone): Promise<FrozenBaseline | null> {
  if (split.featureShape.length !== 1) return null;
  const size = tf.util.sizeFromShape([...split.featureShape]);
  const { images } = pairs;
  const rows: Float32Array[] = [];
  const indices: number[] = [];
  for (let index = 0; index < images.size; index++) {
    const record = await images.get(index).catch(() => null);
    if (!record) continue;
    indices.push(index);
    rows.push(readFeatures(record).subarray(0, size));
  }
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, place) => {
    const norm = Math.hypot(...row);
    values.set(
      row.map((value) => value / norm),
      place * size,
    );
  });
  const kept = pairsAmong(pairs, Int32Array.from(indices));
  const { accuracy } = bestAccuracy(pairSimilarities(values, size, kept.pairs), kept.isSame);
  return { network: split.name, accuracy };
}

/** Returns lines of the result that compare a head with the frozen network, both at their best thresholds. */
export function baselineText({ network, accuracy }: FrozenBaseline, measured: PairMeasurements): string {
  const rows: [string, string][] = [
    ['frozen network', `${percent(accuracy)} at best without the head (${network})`],
  ];
  if (measured.best.accuracy < accuracy) {
    rows.push([
      'warning',
      `the head is no better than ${network} alone, ${percent(measured.best.accuracy)} at best: train with more people or fewer ` +
        `steps${isPretrainedWord(network) ? `, or use --model ${network}` : ''}`,
    ]);
  }
  return aligned(rows, labelWidth);
}
