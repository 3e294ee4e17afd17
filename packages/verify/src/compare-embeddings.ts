import { cosineSimilarities, logisticProbability } from '@openset/metrics';
import { type Calibration, usableCalibration } from './calibration.ts';
import { checkEmbedding } from './embedding-rows.ts';

/** Result of the comparison of two images. */
export interface Verification {
  /** Whether `cosine >= threshold`. */
  readonly same: boolean;
  /** Cosine of the two embeddings, from -1 to 1. */
  readonly cosine: number;
  /** Threshold that decided. */
  readonly threshold: number;
  /**
   * Probability that both show the same identity, whatever the threshold; null without a calibration. `same` can be false
   * above one half and true below, if the threshold does not come from the pairs of the calibration, or has a low false
   * accept rate.
   */
  readonly probability: number | null;
}

/** How two embeddings are compared. The description of a model has both. */
export interface ComparisonOptions {
  /** Accept iff the cosine is at least this; from -1 to 1. */
  readonly threshold: number;
  /** Curve for probabilities; default none. A curve that falls as the cosine rises is not used. */
  readonly calibration?: Calibration | null | undefined;
}

/**
 * Compares two embeddings of one model. They need not have unit length.
 * @throws ShapeError if they differ in their number of values; DataError if one is no array, is all zeros, or has a value
 *   that is not a finite number
 */
export function compareEmbeddings(
  a: Float32Array,
  b: Float32Array,
  { threshold, calibration }: ComparisonOptions,
): Verification {
  checkEmbedding('The first embedding', a, b?.length);
  checkEmbedding('The second embedding', b);
  const cosine = cosineSimilarities(a, b, a.length)[0]!;
  const curve = calibration && usableCalibration(calibration);
  return {
    same: cosine >= threshold,
    cosine,
    threshold,
    probability: curve ? logisticProbability(curve, cosine) : null,
  };
}
