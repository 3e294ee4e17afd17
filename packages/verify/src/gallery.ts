import { checkNumber, checkQuestion, DataError, type FaceCrop, type ThresholdQuestion } from '@openset/core';
import { cosineSimilarities, logisticProbability } from '@openset/metrics';
import { bestMatchProbability } from './best-match-probability.ts';
import { type Calibration, usableCalibration } from './calibration.ts';
import { describeCrop, isSameCrop } from './describe-crop.ts';
import { checkEmbedding, normalise } from './embedding-rows.ts';
import { type GalleryThreshold, gallerySearch, galleryThresholdsProblem } from './gallery-thresholds.ts';

/** An identity of a gallery and its cosine with a probe. */
export interface Candidate {
  readonly identity: string;
  readonly cosine: number;
}

/** Options of a gallery. */
export interface GalleryOptions {
  /** Question that the threshold answers; default null, unknown. It is carried, not used. */
  readonly question?: ThresholdQuestion | null;
  /** Curve of a model for pairs, for probabilities; default none. */
  readonly calibration?: Calibration | null;
  /** Thresholds of a model for galleries; their curves give the probabilities, rather than `calibration`. Default none. */
  readonly galleryThresholds?: readonly GalleryThreshold[] | null;
  /** How the images of the gallery and of probes are cropped; null for images as they are; default: unknown. */
  readonly crop?: FaceCrop | null | undefined;
}

/** Result of the search for a probe in a gallery. */
export interface Identification {
  /** Identity with the highest cosine; null (unknown) if that is below the threshold. */
  readonly identity: string | null;
  /** Highest cosine; null if the gallery is empty. */
  readonly cosine: number | null;
  readonly threshold: number;
  /**
   * Probability that the identity with the highest cosine is the right one, if half of the probes show somebody in the gallery;
   * null without a curve, or if the gallery is empty. It does not depend on the threshold.
   */
  readonly probability: number | null;
  /** Best identities, highest cosine first. */
  readonly candidates: readonly Candidate[];
}

/** A gallery as plain JSON data. */
export interface GalleryState {
  readonly embeddingSize: number;
  /** How its images were cropped; null for images as they are, missing if unknown. */
  readonly crop?: FaceCrop | null;
  /** Number and sum of the embeddings of each identity. */
  readonly identities: readonly {
    readonly identity: string;
    readonly count: number;
    readonly sum: readonly number[];
  }[];
}

/**
 * Known identities for open-set identification: the best match of a probe, or unknown. Each identity is represented by the
 * mean of its embeddings. A threshold for pairs also decides here, but its question differs from a search among many: one
 * for a `gallery` of about this size, or for a `far`, is stricter and raises fewer false alarms. Names that differ only in Unicode form (NFC, NFD) are one
 * identity.
 *
 * @example
 * const gallery = new Gallery(verifier.threshold);
 * gallery.enroll('Ada', await verifier.embed(photosOfAda));
 * const [probe] = await verifier.embed(photo);
 * const { identity } = gallery.identify(probe);  // 'Ada', or null for unknown
 */
export class Gallery {
  readonly threshold: number;
  /** Question that the threshold answers; null if unknown. `describeQuestion` puts it into words. */
  readonly question: ThresholdQuestion | null;
  /** How images are cropped; null for images as they are, undefined if unknown. */
  readonly crop: FaceCrop | null | undefined;
  private readonly calibration: Calibration | null;
  private readonly galleryThresholds: readonly GalleryThreshold[] | null;
  private readonly entries = new Map<string, { sum: Float64Array; count: number; template: Float32Array }>();

  /**
   * @param threshold accept iff the cosine is at least this; from -1 to 1
   * @throws ConfigError if it or its question is out of range; DataError for thresholds for galleries that are invalid
   */
  constructor(
    threshold: number,
    { question = null, calibration = null, galleryThresholds = null, crop }: GalleryOptions = {},
  ) {
    checkNumber('Gallery: threshold', threshold, { minimum: -1, maximum: 1 });
    if (question) checkQuestion(question);
    const problem = galleryThresholds && galleryThresholdsProblem(galleryThresholds);
    if (problem) throw new DataError(problem);
    this.calibration = calibration && usableCalibration(calibration);
    this.galleryThresholds = galleryThresholds;
    this.crop = crop;
    this.threshold = threshold;
    this.question = question;
  }

  /** Names of all identities, in order of first enrolment. */
  get identities(): readonly string[] {
    return [...this.entries.keys()];
  }

  /**
   * Adds embeddings to an identity.
   * @param name of the identity
   * @param embeddings unit vectors, as `Verifier.embed` returns them
   * @throws DataError if there are none, they cancel each other out, or one is no array, is all zeros, or has a value that is
   *   not a finite number; ShapeError if their length differs from the gallery's. The gallery is then unchanged
   */
  enroll(name: string, embeddings: readonly Float32Array[]): void {
    const identity = oneForm(name);
    if (embeddings.length === 0)
      throw new DataError(`Identity '${identity}' has no embeddings to enroll: pass at least one.`);
    const size = this.embeddingSize ?? embeddings[0]?.length ?? 0;
    const before = this.entries.get(identity);
    const sum = before ? before.sum.slice() : new Float64Array(size);
    for (const embedding of embeddings) {
      checkEmbedding(`An embedding of '${identity}'`, embedding, size);
      for (let k = 0; k < size; k++) sum[k]! += embedding[k]!;
    }
    const template = normalise(sum, `The mean embedding of '${identity}'`);
    this.entries.set(identity, { sum, count: (before?.count ?? 0) + embeddings.length, template });
  }

  /** Removes an identity; returns whether it was present. */
  remove(identity: string): boolean {
    return this.entries.delete(oneForm(identity));
  }

  /**
   * Searches the gallery for a probe.
   * @param embedding from `Verifier.embed`, or another embedding of the same network
   * @param options `candidates`: number of best identities to list, default 5
   * @throws ShapeError if its length differs from the gallery's; DataError if it is no array, is all zeros, or has a value
   *   that is not a finite number
   */
  identify(embedding: Float32Array, { candidates = 5 }: { candidates?: number } = {}): Identification {
    checkNumber('identify: candidates', candidates, { minimum: 1, integer: true });
    checkEmbedding('The probe', embedding, this.embeddingSize);
    const all = [...this.entries].map(([identity, { template }]) => ({
      identity,
      cosine: cosineSimilarities(embedding, template, template.length)[0]!,
    }));
    all.sort((a, b) => b.cosine - a.cosine);
    const best = all[0];
    return {
      identity: best && best.cosine >= this.threshold ? best.identity : null,
      cosine: best?.cosine ?? null,
      threshold: this.threshold,
      probability: best ? this.probability(all) : null,
      candidates: all.slice(0, candidates),
    };
  }

  /** @param all people of the gallery, highest cosine first */
  private probability(all: readonly Candidate[]): number | null {
    const search = this.galleryThresholds && gallerySearch(this.galleryThresholds, all.length);
    if (search?.calibration) return logisticProbability(search.calibration, all[0]!.cosine);
    if (!this.calibration) return null;
    return bestMatchProbability(
      this.calibration,
      all.map(({ cosine }) => cosine),
    );
  }

  /** Returns the gallery as plain JSON data. */
  getState(): GalleryState {
    const identities = [...this.entries].map(([identity, { count, sum }]) => ({
      identity,
      count,
      sum: Array.from(sum),
    }));
    const crop = this.crop === undefined ? {} : { crop: this.crop };
    return { embeddingSize: this.embeddingSize ?? 0, ...crop, identities };
  }

  /**
   * Replaces all identities.
   * @throws DataError if the data are invalid, or if their images were cropped in another way; the gallery is then unchanged
   */
  setState(state: GalleryState): void {
    const { embeddingSize, identities, crop } = state ?? {};
    if (crop !== undefined && this.crop !== undefined && !isSameCrop(crop, this.crop)) {
      throw new DataError(
        `The gallery was enrolled with ${describeCrop(crop)}, but this program takes ${describeCrop(this.crop)}. Embeddings of ` +
          'the two do not match: enroll the images again, or crop probes in the same way.',
      );
    }
    if (!Array.isArray(identities)) throw new DataError('The gallery is damaged: identities must be a list.');
    const restored = identities.map((entry: Partial<GalleryState['identities'][number]> | null) => {
      const { identity, count = 0, sum } = entry ?? {};
      if (
        typeof identity !== 'string' ||
        !Number.isInteger(count) ||
        count < 1 ||
        sum?.length !== embeddingSize
      ) {
        throw new DataError(
          `The gallery is damaged: identity '${String(identity)}' needs a name, a count of at least 1, and a sum of ` +
            `${embeddingSize} numbers.`,
        );
      }
      const template = normalise(sum, `The mean embedding of '${identity}'`);
      return [oneForm(identity), { count, sum: Float64Array.from(sum), template }] as const;
    });
    if (new Set(restored.map(([identity]) => identity)).size < restored.length) {
      throw new DataError('The gallery is damaged: two identities have the same name.');
    }
    this.entries.clear();
    for (const [identity, entry] of restored) this.entries.set(identity, entry);
  }

  private get embeddingSize(): number | undefined {
    for (const { sum } of this.entries.values()) return sum.length;
    return undefined;
  }
}

/** Returns a name in the composed form (NFC), which is the same for all Unicode forms of a name. */
function oneForm(name: string): string {
  return name.normalize('NFC');
}
