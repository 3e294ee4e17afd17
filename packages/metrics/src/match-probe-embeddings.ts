import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import { numberIdentities } from './identity-numbers.ts';
import type { ProbeMatches } from './match-probes.ts';
import { badScore, largestCosine, type PairScan, scanPairs } from './scan-pairs.ts';
import { unitRows } from './unit-rows.ts';

/** A probe set and a gallery, as embeddings. */
export interface ProbeEmbeddings {
  /** `[probes, size]`, row-major; need not be normalised. */
  readonly probes: ArrayLike<number>;
  /** `[probes]`: identities, any numbers; those that are not in the gallery make strangers. */
  readonly probeLabels: ArrayLike<number>;
  /** `[gallery, size]`, row-major; need not be normalised. */
  readonly gallery: ArrayLike<number>;
  /** `[gallery]` */
  readonly galleryLabels: ArrayLike<number>;
  /** The embedding size. */
  readonly size: number;
  /** Default `plainBlockProduct`. */
  readonly multiply?: BlockProduct;
  /** Rows of each block, at least 1, default 1024: `blockRows²` scores are held at a time. */
  readonly blockRows?: number;
}

/**
 * `matchProbes` on the cosines of embeddings, streamed by blocks: no table of scores is made, so a gallery of a million
 * rows needs no more memory than its embeddings. Blocks without a mate of any of their probes are multiplied once,
 * others twice.
 *
 * @throws MetricsError if the lengths do not fit, a label is no number, a row is unusable (as `unitRows`), or `multiply`
 *   answers with something else than the products
 */
export function matchProbeEmbeddings({
  probes,
  probeLabels,
  gallery,
  galleryLabels,
  size,
  multiply = plainBlockProduct,
  blockRows = 1024,
}: ProbeEmbeddings): ProbeMatches {
  const caller = 'matchProbeEmbeddings';
  const a = unitRows(probes, size, `${caller}: probes`);
  const b = unitRows(gallery, size, `${caller}: gallery`);
  const { numbers, rowsOf } = numberIdentities(
    { name: `${caller}: probeLabels`, labels: probeLabels, rows: a.length / size },
    { name: `${caller}: galleryLabels`, labels: galleryLabels, rows: b.length / size },
  );
  const [own, theirs] = [numbers[0]!, numbers[1]!];
  const bestRight = new Float64Array(own.length).fill(Number.NEGATIVE_INFINITY);
  const bestWrong = bestRight.slice();
  const ranks = Uint32Array.from(own, (identity) => (rowsOf[1]![identity]! > 0 ? 1 : 0));
  const scan: PairScan = { caller, a, b, size, multiply, blockRows };

  // First the best mates: only then is it known what counts against a probe.
  const hasNoMates = (row: number, rowEnd: number, column: number, columnEnd: number): boolean => {
    const wanted = new Set(own.subarray(row, rowEnd));
    return !theirs.subarray(column, columnEnd).some((identity) => wanted.has(identity));
  };
  scanPairs({ ...scan, skip: hasNoMates }, (scores, start, end, row, firstColumn) => {
    const identity = own[row]!;
    for (let place = start; place < end; place++) {
      if (theirs[firstColumn + place - start] !== identity) continue;
      if (!(Math.abs(scores[place]!) <= largestCosine)) throw badScore(caller, scores[place]!);
      if (scores[place]! > bestRight[row]!) bestRight[row] = scores[place]!;
    }
  });
  scanPairs(scan, (scores, start, end, row, firstColumn) => {
    const identity = own[row]!;
    // Above every score for strangers, who have no rank.
    const right = ranks[row]! > 0 ? bestRight[row]! : Number.POSITIVE_INFINITY;
    let [wrong, above] = [bestWrong[row]!, 0];
    for (let place = start; place < end; place++) {
      const score = scores[place]!;
      if (!(Math.abs(score) <= largestCosine)) throw badScore(caller, score);
      if (theirs[firstColumn + place - start] === identity) continue;
      if (score > wrong) wrong = score;
      if (score >= right) above += 1;
    }
    bestWrong[row] = wrong;
    ranks[row]! += above;
  });
  return { bestRight, bestWrong, ranks };
}
