import type { LearnedThreshold } from '@openset/core';
import { accuracyAt, histogram, pairSimilarities, samplePairs } from '@openset/metrics';
import { betweenEmbeddings, estimateThreshold, type Verifier } from '@openset/verify';
import { type ImageSet, joinImages, type LabelledImages } from '../image-set.ts';
import type { Measurement, PairCosines } from '../messages.ts';
import { embedInBatches } from './load-images.ts';

/** Number of bins of a histogram, from −1 to 1. */
const bins = 80;
/** Number of pairs of a set, at most. */
const mostPairs = 6000;

/** Pairs of images of a set, half of them of the same class. */
interface ImagePairs {
  /** `[pairs, 2]`: indices of the images among those of all sets. */
  readonly pairs: Uint32Array;
  readonly isSame: Uint8Array;
}

/** Measures a network again and again on the same pairs. */
export class PairWatch {
  private readonly images: LabelledImages;
  private readonly held: ImagePairs;
  private readonly test: ImagePairs;
  private readonly unseen: ImagePairs | null;

  /** @throws MetricsError if a set has no pair of a kind */
  constructor({ held, test, unseen }: ImageSet) {
    this.images = joinImages([held, test, ...(unseen ? [unseen] : [])]);
    this.held = drawPairs(held, 0);
    this.test = drawPairs(test, held.labels.length);
    this.unseen = unseen && drawPairs(unseen, held.labels.length + test.labels.length);
  }

  /**
   * Measures the cosines of all pairs.
   * @param learned threshold that the loss has learned so far. If it does not separate two embeddings, the threshold comes from the
   *   held-out pairs
   */
  async measure(verifier: Verifier, step: number, learned: LearnedThreshold | null): Promise<Measurement> {
    const embeddings = await embedInBatches(verifier, this.images);
    const cosinesOf = ({ pairs }: ImagePairs) =>
      pairSimilarities(embeddings, verifier.backbone.embeddingSize, pairs);
    const held = { cosines: cosinesOf(this.held), isSame: this.held.isSame };
    const estimate = estimateThreshold(held, undefined, { samples: 0 });
    const own = betweenEmbeddings(learned);
    const threshold = own ? Math.min(1, Math.max(-1, own.cosine)) : (estimate?.threshold ?? null);
    const describe = (pairs: ImagePairs) => describePairs(cosinesOf(pairs), pairs.isSame, threshold);
    return {
      step,
      threshold,
      source: own ? 'learned' : 'measured',
      calibration: estimate?.calibration ?? null,
      trained: describe(this.test),
      unseen: this.unseen && describe(this.unseen),
    };
  }
}

/** @param start index of the first image of the set among those of all sets */
function drawPairs({ labels }: LabelledImages, start: number): ImagePairs {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const same = [...counts.values()].reduce((sum, count) => sum + (count * (count - 1)) / 2, 0);
  const total = (labels.length * (labels.length - 1)) / 2;
  const count = 2 * Math.max(1, Math.min(mostPairs / 2, same, total - same));
  const { pairs, isSame } = samplePairs(labels, { count });
  return { pairs: pairs.map((image) => start + image), isSame };
}

/** Describes the cosines of pairs for the charts. */
export function describePairs(
  cosines: Float64Array,
  isSame: Uint8Array,
  threshold: number | null,
): PairCosines {
  const ofKind = (kind: number) => cosines.filter((_, pair) => isSame[pair] === kind).sort();
  const [same, different] = [ofKind(1), ofKind(0)];
  return {
    same: shares(same),
    different: shares(different),
    sameRange: range(same),
    differentRange: range(different),
    pairs: cosines.length,
    accuracy: threshold === null ? null : accuracyAt(cosines, isSame, threshold).accuracy,
  };
}

function shares(values: Float64Array): number[] {
  // Rounding may take a cosine beyond 1.
  const clamped = values.map((value) => Math.min(1, Math.max(-1, value)));
  return Array.from(histogram(clamped, { bins }).counts, (count) => count / values.length);
}

function range(sorted: Float64Array): [number, number, number] {
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return [at(0.1), at(0.5), at(0.9)];
}
