import type { BackboneConfig, FaceCrop, ThresholdQuestion } from '@openset/core';
import type { PretrainedNetwork } from './pretrained-networks.ts';
import type { ShippedThreshold } from './shipped-thresholds.ts';

/** What a model file says about a network of the table: a `ModelDescription` of `@openset/verify`. */
export interface NetworkDescription {
  /** Configuration of the backbone. */
  readonly backbone: BackboneConfig;
  /** Accept iff the cosine of two embeddings is at least this. */
  readonly threshold: number;
  /** The threshold was measured, not learned in training. */
  readonly thresholdSource: 'calibrated';
  /** Question that the threshold answers: pairs of which half show the same person. */
  readonly question: ThresholdQuestion;
  /** 95 % confidence interval of the threshold; null if it was not measured. */
  readonly thresholdInterval: NonNullable<ShippedThreshold['interval']> | null;
  /** Thresholds for searches in galleries, ascending by size; null if they were not measured. */
  readonly galleryThresholds: NonNullable<ShippedThreshold['galleries']> | null;
  /** Curve for probabilities. */
  readonly calibration: ShippedThreshold['calibration'];
  /** The embedding is that of the image alone, without its mirror image. */
  readonly flipSum: false;
  /** Images are turned upright by their EXIF orientation. */
  readonly orientation: 'exif';
  /** How faces are cropped. */
  readonly crop: FaceCrop;
}

/** Describes a network of the table with the threshold that ships with it. */
export function describeNetwork(
  { crop, threshold }: PretrainedNetwork,
  backbone: BackboneConfig,
): NetworkDescription {
  const { cosine, calibration, interval = null, galleries = null } = threshold;
  return {
    backbone,
    threshold: cosine,
    thresholdSource: 'calibrated',
    question: { kind: 'pair', odds: 1 },
    thresholdInterval: interval,
    galleryThresholds: galleries,
    calibration,
    flipSum: false,
    orientation: 'exif',
    crop,
  };
}
