import { uniformAccuracyAt, uniformClassification } from '@openset/metrics';
import type { Embeddings } from '../model/embed-images.ts';
import type { ModelThresholds } from './measure-pairs.ts';

/** Classification of images by the means of their classes, with one threshold for all. */
export interface UniformMeasurements {
  /** Images that were classified: those of classes with another image. */
  readonly pictures: number;
  readonly classes: number;
  /** Share that is nearest to its own class. */
  readonly sampleWise: number;
  /** Share that is right under the best threshold of its class. */
  readonly classWise: number;
  /** Share that is right under the best threshold for all, and that threshold. */
  readonly uniform: number;
  readonly bestThreshold: number;
  /** Share that is right at the model's threshold, and at the one that its loss learned, if any. */
  readonly atThreshold: number;
  readonly atLearned: number | null;
}

/** Scores that are computed at most; of larger sets a part of the images is classified. */
const mostScores = 1e7;

/**
 * Uniform accuracy (arXiv 2403.07289) of embeddings: each image is compared with the mean embedding of every class, for
 * its own class without itself.
 * @returns null if no class has two images, or there is one class
 */
export function measureUniform(
  { values, size }: Embeddings,
  labels: ArrayLike<number>,
  { threshold, learnedThreshold = null }: ModelThresholds,
): UniformMeasurements | null {
  const classes = [...new Set(Array.from(labels))].sort((first, second) => first - second);
  const numbers = new Map(classes.map((label, index) => [label, index]));
  const own = Int32Array.from(labels, (label) => numbers.get(label)!);
  const sums = new Float64Array(classes.length * size);
  const counts = new Uint32Array(classes.length);
  own.forEach((label, row) => {
    counts[label]! += 1;
    for (let k = 0; k < size; k++) sums[label * size + k]! += values[row * size + k]!;
  });
  const able = [...own.keys()].filter((row) => counts[own[row]!]! > 1);
  if (able.length === 0 || classes.length < 2) return null;
  const every = Math.ceil((able.length * classes.length) / mostScores);
  const rows = able.filter((_, place) => place % every === 0);

  const scores = new Float32Array(rows.length * classes.length);
  const lengths = classes.map((_, label) => Math.hypot(...sums.subarray(label * size, (label + 1) * size)));
  rows.forEach((row, place) => {
    for (let label = 0; label < classes.length; label++) {
      let dot = 0;
      for (let k = 0; k < size; k++) dot += values[row * size + k]! * sums[label * size + k]!;
      // |sum − x|² = |sum|² − 2 sum·x + 1, and (sum − x)·x = sum·x − 1: x has length 1.
      const isOwn = label === own[row];
      const length = isOwn ? Math.sqrt(Math.max(0, lengths[label]! ** 2 - 2 * dot + 1)) : lengths[label]!;
      scores[place * classes.length + label] = (isOwn ? dot - 1 : dot) / Math.max(length, 1e-9);
    }
  });
  const wanted = rows.map((row) => own[row]!);
  const rightAt = (cosine: number) => uniformAccuracyAt(scores, wanted, classes.length, cosine);
  const found = uniformClassification(scores, wanted, classes.length);
  return {
    pictures: rows.length,
    classes: classes.length,
    sampleWise: found.sampleWiseAccuracy,
    classWise: found.classWiseAccuracy,
    uniform: found.uniformAccuracy,
    bestThreshold: found.threshold,
    atThreshold: rightAt(threshold),
    atLearned: learnedThreshold && rightAt(learnedThreshold.cosine),
  };
}
