import { checkNumber } from '@openset/core';
import { logisticProbability } from '@openset/metrics';
import {
  bestMatchProbability,
  type Calibration,
  type GalleryThreshold,
  gallerySearch,
  usableCalibration,
} from '@openset/verify';
import { largestPage } from './check-input.ts';
import type { Candidate, Gallery } from './gallery.ts';

/** How `identify` decides. The description of a model has the curves. */
export interface IdentifyOptions {
  /** Accept the best match iff its cosine is at least this; from -1 to 1. `selectGalleryThreshold` chooses it for a model. */
  readonly threshold: number;
  /** Curve of the model for pairs, for probabilities; default none. */
  readonly calibration?: Calibration | null | undefined;
  /** Thresholds of the model for galleries; their curves give the probabilities, rather than `calibration`. Default none. */
  readonly galleryThresholds?: readonly GalleryThreshold[] | null | undefined;
  /** Number of nearest people to list, from 1 to 1,000; default 5. */
  readonly candidates?: number | undefined;
  /** Number of people in the gallery, for probabilities; default: they are counted. */
  readonly people?: number | undefined;
}

/** Result of the search for a probe in a gallery. */
export interface Identification {
  /** Name of the person with the highest cosine; null (unknown) if it is below the threshold. */
  readonly identity: string | null;
  /** Identifier of that person; null if unknown. */
  readonly id: string | null;
  /** Highest cosine; null if the gallery is empty. */
  readonly cosine: number | null;
  /** Threshold that decided. */
  readonly threshold: number;
  /**
   * Probability that the person with the highest cosine is the right one, if half of the probes show somebody in the gallery; null
   * without a curve, or if the gallery is empty. It does not depend on the threshold.
   */
  readonly probability: number | null;
  /** Nearest people, highest cosine first. */
  readonly candidates: readonly Candidate[];
}

/** Number of nearest people whose evidence counts in a probability. Those further away add next to nothing. */
const peopleWithEvidence = 64;

/**
 * Decides which person of a gallery a probe shows, or that it is unknown. A threshold for pairs also decides here, but its question
 * differs from a search among many: one for a `gallery` of about this size, or for a `far`, is stricter and raises fewer false alarms.
 * @param probe `[embeddingSize]`, from `Verifier.embed` of the gallery's model
 * @throws ConfigError if an option is out of range; ShapeError or DataError for a bad probe
 */
export async function identify(
  gallery: Gallery,
  probe: Float32Array,
  { threshold, calibration, galleryThresholds, candidates = 5, people: given }: IdentifyOptions,
): Promise<Identification> {
  checkNumber('identify: threshold', threshold, { minimum: -1, maximum: 1 });
  checkNumber('identify: candidates', candidates, { minimum: 1, maximum: largestPage, integer: true });
  const people = given ?? (calibration || galleryThresholds ? (await gallery.count()).people : 0);
  const search = galleryThresholds && gallerySearch(galleryThresholds, people);
  const curve = search?.calibration ? null : calibration && usableCalibration(calibration);
  const limit = curve ? Math.max(candidates, peopleWithEvidence) : candidates;
  const nearest = await gallery.search(probe, { limit });
  const best = nearest[0];
  const isKnown = best !== undefined && best.cosine >= threshold;
  const probability = best ? matchProbability(nearest, people, search?.calibration, curve) : null;
  return {
    identity: isKnown ? best.identity : null,
    id: isKnown ? best.id : null,
    cosine: best?.cosine ?? null,
    threshold,
    probability,
    candidates: nearest.slice(0, candidates),
  };
}

/**
 * @param nearest the nearest people, at least one, highest cosine first
 * @param ofSearches curve of searches in a gallery of this size
 * @param ofPairs curve of pairs, used without the other
 */
function matchProbability(
  nearest: readonly Candidate[],
  people: number,
  ofSearches: Calibration | null | undefined,
  ofPairs: Calibration | null | undefined,
): number | null {
  if (ofSearches) return logisticProbability(ofSearches, nearest[0]!.cosine);
  if (!ofPairs) return null;
  const cosines = nearest.map(({ cosine }) => cosine);
  // Others may have enrolled people since they were counted.
  return bestMatchProbability(ofPairs, cosines, Math.max(people, cosines.length));
}
