import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import { numberIdentities } from './identity-numbers.ts';
import type { ProbeMatches } from './match-probes.ts';
import { type PairScan, requireCosine, scanPairs } from './scan-pairs.ts';
import { unitRows } from './unit-rows.ts';

/** A probe set and a gallery, as embeddings. */
export interface ProbeEmbeddings {
  /** `[probes, size]`, row-major; need not be normalised. */
  readonly probes: ArrayLike<number>;
  /** `[probes]`: identities, any numbers. A probe whose identity the gallery lacks is a stranger. */
  readonly probeLabels: ArrayLike<number>;
  /** `[gallery, size]`, row-major; need not be normalised. */
  readonly gallery: ArrayLike<number>;
  /** `[gallery]`: identities. */
  readonly galleryLabels: ArrayLike<number>;
  /** The embedding size. */
  readonly size: number;
  /** Product of two blocks of rows, default `plainBlockProduct`. */
  readonly multiply?: BlockProduct;
  /** Rows of a block, at least 1, default 1024. The scan holds `blockRows²` scores at a time. */
  readonly blockRows?: number;
}

/**
 * Returns `matchProbes` of the cosines of embeddings. Scores are streamed in blocks, so a gallery of a million rows needs
 * little more memory than its embeddings. A block without a mate of any of its probes is multiplied once, others twice.
 *
 * @throws MetricsError if the lengths do not match, a label is not a number, `unitRows` rejects a row, or `multiply`
 *   returns values that are not cosines
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
  const { numbers, rowCounts } = numberIdentities(
    { name: `${caller}: probeLabels`, labels: probeLabels, rows: a.length / size },
    { name: `${caller}: galleryLabels`, labels: galleryLabels, rows: b.length / size },
  );
  const [own, theirs] = [numbers[0]!, numbers[1]!];
  const bestRight = new Float64Array(own.length).fill(Number.NEGATIVE_INFINITY);
  const bestWrong = bestRight.slice();
  const ranks = Uint32Array.from(own, (identity) => (rowCounts[1]![identity]! > 0 ? 1 : 0));
  const scan: PairScan = { caller, a, b, size, multiply, blockRows };

  // First the best mates: the ranks depend on them.
  const hasNoMates = (row: number, rowEnd: number, column: number, columnEnd: number): boolean => {
    const wanted = new Set(own.subarray(row, rowEnd));
    return !theirs.subarray(column, columnEnd).some((identity) => wanted.has(identity));
  };
  scanPairs({ ...scan, skip: hasNoMates }, (scores, start, end, row, firstColumn) => {
    const identity = own[row]!;
    for (let index = start; index < end; index++) {
      if (theirs[firstColumn + index - start] !== identity) continue;
      requireCosine(caller, scores[index]!);
      if (scores[index]! > bestRight[row]!) bestRight[row] = scores[index]!;
    }
  });
  scanPairs(scan, (scores, start, end, row, firstColumn) => {
    const identity = own[row]!;
    // Strangers have no rank: no score counts against them.
    const right = ranks[row]! > 0 ? bestRight[row]! : Number.POSITIVE_INFINITY;
    let [wrong, above] = [bestWrong[row]!, 0];
    for (let index = start; index < end; index++) {
      const score = scores[index]!;
      requireCosine(caller, score);
      if (theirs[firstColumn + index - start] === identity) continue;
      if (score > wrong) wrong = score;
      if (score >= right) above += 1;
    }
    bestWrong[row] = wrong;
    ranks[row]! += above;
  });
  return { bestRight, bestWrong, ranks };
}
