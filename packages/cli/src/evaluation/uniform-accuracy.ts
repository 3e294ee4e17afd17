import { uniformAccuracyAt, uniformClassification } from '@openset/metrics';
import type { EmbeddingRows } from '../model/embeddings.ts';
import type { ModelThresholds } from './measure-pairs.ts';

/** Uniform accuracy: classification of images by the mean embedding of each class with one threshold for all. */
export interface UniformMeasurements {
  /** Number of classified images: those whose class has another image. */
  readonly pictures: number;
  readonly classes: number;
  /** Share of images that are nearest to their own class. */
  readonly sampleWise: number;
  /** Accuracy with the best threshold for each class. */
  readonly classWise: number;
  /** Accuracy with the best threshold for all classes. */
  readonly uniform: number;
  /** Best threshold for all classes. */
  readonly bestThreshold: number;
  /** Accuracy at the model's threshold. */
  readonly atThreshold: number;
  /** Accuracy at the learned threshold; null if none was learned. */
  readonly atLearned: number | null;
}

/** Maximum number of scores; of larger sets a part of the images is classified. */
const maximumScores = 1e7;

/**
 * Measures the uniform accuracy (arXiv 2403.07289) of embeddings. Each image is compared with the mean embedding of every
 * class; the mean of its own class excludes the image itself.
 * @returns null if no class has two images or there is only one class
 */
export function measureUniform(
  { values, size }: EmbeddingRows,
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
  const classifiable = [...own.keys()].filter((row) => counts[own[row]!]! > 1);
  if (classifiable.length === 0 || classes.length < 2) return null;
  const stride = Math.ceil((classifiable.length * classes.length) / maximumScores);
  const rows = classifiable.filter((_, index) => index % stride === 0);

  const scores = new Float32Array(rows.length * classes.length);
  const lengths = classes.map((_, label) => Math.hypot(...sums.subarray(label * size, (label + 1) * size)));
  rows.forEach((row, index) => {
    for (let label = 0; label < classes.length; label++) {
      let dot = 0;
      for (let k = 0; k < size; k++) dot += values[row * size + k]! * sums[label * size + k]!;
      // |sum − x|² = |sum|² − 2 sum·x + 1, and (sum − x)·x = sum·x − 1: |x| = 1.
      const isOwn = label === own[row];
      const length = isOwn ? Math.sqrt(Math.max(0, lengths[label]! ** 2 - 2 * dot + 1)) : lengths[label]!;
      scores[index * classes.length + label] = (isOwn ? dot - 1 : dot) / Math.max(length, 1e-9);
    }
  });
  const targets = rows.map((row) => own[row]!);
  const accuracyAt = (cosine: number) => uniformAccuracyAt(scores, targets, classes.length, cosine);
  const found = uniformClassification(scores, targets, classes.length);
  return {
    pictures: rows.length,
    classes: classes.length,
    sampleWise: found.sampleWiseAccuracy,
    classWise: found.classWiseAccuracy,
    uniform: found.uniformAccuracy,
    bestThreshold: found.threshold,
    atThreshold: accuracyAt(threshold),
    atLearned: learnedThreshold && accuracyAt(learnedThreshold.cosine),
  };
}
