import type { AllPairsOptions } from './all-pairs-tar-at-far.ts';
import { plainBlockProduct } from './block-product.ts';
import { checkWhole } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { operatingPoints } from './operating-points.ts';
import { type PairScan, requireCosine, scanPairs } from './scan-pairs.ts';
import type { OperatingPoint } from './tar-at-far.ts';
import { unitRows } from './unit-rows.ts';

/** A probe set and a set of distractors. */
export interface MegaFaceTest extends AllPairsOptions {
  /** `[probes, size]`, row-major; need not be normalised. Challenge 1 takes them from FaceScrub. */
  readonly probes: ArrayLike<number>;
  /** `[probes]`: identities, any numbers. */
  readonly probeLabels: ArrayLike<number>;
  /** `[distractors, size]`, row-major: embeddings of people who are not among the probes. */
  readonly distractors: ArrayLike<number>;
  /** The embedding size. */
  readonly size: number;
  /** Ranks to report, default `[1]`. */
  readonly ranks?: readonly number[];
  /** Target false accept rates, default `[1e-6]`. */
  readonly fars?: readonly number[];
}

/** Identification and verification among distractors. */
export interface MegaFaceResult {
  /** Rank-k identification rate of each of `ranks`: the share of searches whose mate is among the k best. */
  readonly rankAccuracies: readonly number[];
  /** Number of searches: ordered pairs of probes of one identity. */
  readonly tries: number;
  /** Conservative operating point of each of `fars`; same rule as `tarAtFar`. */
  readonly points: readonly OperatingPoint[];
  /** Number of pairs of probes of one identity. */
  readonly positives: number;
  /** Number of pairs of a probe and a distractor. */
  readonly negatives: number;
}

/**
 * Runs the protocol of MegaFace challenge 1 (Kemelmacher-Shlizerman, Seitz, Miller, Brossard, "The MegaFace Benchmark:
 * 1 Million Faces for Recognition at Scale", CVPR 2016).
 *
 * Identification: for each ordered pair of probes of one identity, the gallery is the second probe and all distractors, and
 * the first probe searches it. The rank is one more than the number of distractors that score at least as high as the mate.
 * Verification: positives are the pairs of probes of one identity, negatives all pairs of a probe and a distractor.
 * Scores are cosines, streamed in blocks; both tests share a pass.
 *
 * @throws MetricsError if lengths do not match, `unitRows` rejects a row, no two probes show one identity, an option is
 *   out of range, or `multiply` returns values that are not cosines
 */
export function megaFaceProtocol({
  probes,
  probeLabels,
  distractors,
  size,
  ranks = [1],
  fars = [1e-6],
  multiply = plainBlockProduct,
  blockRows = 1024,
  memory = 2 ** 24,
}: MegaFaceTest): MegaFaceResult {
  const caller = 'megaFaceProtocol';
  checkWhole(`${caller}: memory`, memory, 0);
  for (const rank of ranks) checkWhole(`${caller}: ranks`, rank, 1);
  const a = unitRows(probes, size, `${caller}: probes`);
  const b = unitRows(distractors, size, `${caller}: distractors`);
  const rows = a.length / size;
  const own = numberIdentities({ name: `${caller}: probeLabels`, labels: probeLabels, rows }).numbers[0]!;
  const scan: PairScan = { caller, a, size, multiply, blockRows };

  const mates: number[][] = Array.from({ length: rows }, () => []);
  const same: number[] = [];
  scanPairs(scan, (scores, start, end, row, firstColumn) => {
    for (let index = start; index < end; index++) {
      const column = firstColumn + index - start;
      if (own[column] !== own[row]) continue;
      const score = scores[index]!;
      requireCosine(caller, score);
      mates[row]!.push(score);
      mates[column]!.push(score);
      same.push(score);
    }
  });

  const tries = 2 * same.length;
  const ranking = mates.map((scores) => new MateRanks(scores));
  let ranked = false;
  const negatives = rows * (b.length / size);
  const points = operatingPoints(
    {
      caller,
      positives: same.length,
      negatives,
      scan: (visit) => {
        visit(Float32Array.from(same), 0, same.length, new Int32Array(same.length), 0, 0);
        const nobody = new Int32Array(b.length / size).fill(-1);
        scanPairs({ ...scan, b }, (scores, start, end, row, firstColumn) => {
          if (!ranked) ranking[row]!.add(scores, start, end);
          visit(scores, start, end, nobody, firstColumn, 0);
        });
        ranked = true;
      },
    },
    fars,
    memory,
  );
  const found = ranking.flatMap((mates) => mates.ranks());
  const rankAccuracies = ranks.map((rank) => found.filter((reached) => reached <= rank).length / tries);
  return { rankAccuracies, tries, points, positives: same.length, negatives };
}

/** Counts the distractors above each mate of one probe. */
class MateRanks {
  /** Scores of the mates, ascending. */
  readonly #scores: Float32Array;
  /** `[mates]`: number of distractors that score at least as high as this mate, but lower than the next. */
  readonly #between: Float64Array;

  constructor(scores: readonly number[]) {
    this.#scores = Float32Array.from(scores).sort();
    this.#between = new Float64Array(scores.length);
  }

  add(scores: Float32Array, start: number, end: number): void {
    const mates = this.#scores;
    const lowest = mates.length > 0 ? mates[0]! : Number.POSITIVE_INFINITY;
    for (let index = start; index < end; index++) {
      const score = scores[index]!;
      // Nearly all distractors score lower.
      if (score < lowest) continue;
      let mate = mates.length - 1;
      while (mate >= 0 && mates[mate]! > score) mate -= 1;
      if (mate >= 0) this.#between[mate]! += 1;
    }
  }

  ranks(): number[] {
    const ranks: number[] = [];
    let above = 0;
    for (let mate = this.#scores.length - 1; mate >= 0; mate--) {
      above += this.#between[mate]!;
      ranks.push(above + 1);
    }
    return ranks;
  }
}
