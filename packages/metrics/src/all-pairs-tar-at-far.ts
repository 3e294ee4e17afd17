import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import { checkWhole } from './checks.ts';
import { type NamedLabels, numberIdentities } from './identity-numbers.ts';
import { operatingPoints } from './operating-points.ts';
import { scanPairs } from './scan-pairs.ts';
import type { OperatingPoint } from './tar-at-far.ts';
import { unitRows } from './unit-rows.ts';

/** TAR@FAR over all pairs of embeddings. */
export interface AllPairsVerification {
  /** Conservative operating point of each target, in the order of `fars`; same rule as `tarAtFar`. */
  readonly points: readonly OperatingPoint[];
  /** Number of pairs of the same identity. */
  readonly positives: number;
  /** Number of pairs of different identities. */
  readonly negatives: number;
}

/** Options of a scan over all pairs. */
export interface AllPairsOptions {
  /** Product of two blocks of rows, default `plainBlockProduct`. The `matMul` of a tfjs backend is several times faster. */
  readonly multiply?: BlockProduct;
  /** Rows of a block, at least 1, default 1024. The scan holds `blockRows²` scores at a time. */
  readonly blockRows?: number;
  /**
   * Largest number of scores to keep, default 2²⁴ (64 MiB). If all positives and twice the false accepts of the highest
   * target fit, one pass over all pairs suffices; otherwise there are two passes.
   */
  readonly memory?: number;
}

/**
 * Returns TAR@FAR over all unordered pairs of one set: the all-vs-all protocol of MFR-Ongoing (Children, Multi-racial).
 *
 * Scores are float32 cosines. They are streamed in blocks, so memory does not grow with the number of pairs: 100,000
 * embeddings have 5·10⁹ pairs. The result is exact: it equals `tarAtFar` with the conservative rule on all scores.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param labels `[rows]`: identities, any numbers
 * @param size the embedding size
 * @param fars targets, each in `[0, 1]`
 * @throws MetricsError if lengths do not match, `unitRows` rejects a row, a kind of pairs is missing, a target or an
 *   option is out of range, or `multiply` returns values that are not cosines
 */
export function allPairsTarAtFar(
  embeddings: ArrayLike<number>,
  labels: ArrayLike<number>,
  size: number,
  fars: readonly number[],
  options: AllPairsOptions = {},
): AllPairsVerification {
  const caller = 'allPairsTarAtFar';
  const a = unitRows(embeddings, size, `${caller}: embeddings`);
  const named = { name: `${caller}: labels`, labels, rows: a.length / size };
  return verifyPairs({ caller, a, size, labels: [named], fars, options });
}

/**
 * Returns TAR@FAR over all pairs of one embedding of `a` and one of `b`: the protocol of MFR-Ongoing's Mask test (masked
 * images against plain ones). Scores, options and errors are those of `allPairsTarAtFar`.
 *
 * @param a `[rowsA, size]`, row-major; need not be normalised
 * @param labelsA `[rowsA]`: identities, any numbers
 * @param b `[rowsB, size]`
 * @param labelsB `[rowsB]`: the same numbers mean the same identities
 * @param size the embedding size
 * @param fars targets, each in `[0, 1]`
 * @throws MetricsError like `allPairsTarAtFar`
 */
export function crossPairsTarAtFar(
  a: ArrayLike<number>,
  labelsA: ArrayLike<number>,
  b: ArrayLike<number>,
  labelsB: ArrayLike<number>,
  size: number,
  fars: readonly number[],
  options: AllPairsOptions = {},
): AllPairsVerification {
  const caller = 'crossPairsTarAtFar';
  const unitA = unitRows(a, size, `${caller}: a`);
  const unitB = unitRows(b, size, `${caller}: b`);
  const labels = [
    { name: `${caller}: labelsA`, labels: labelsA, rows: unitA.length / size },
    { name: `${caller}: labelsB`, labels: labelsB, rows: unitB.length / size },
  ];
  return verifyPairs({ caller, a: unitA, b: unitB, size, labels, fars, options });
}

function verifyPairs(test: {
  caller: string;
  a: Float32Array;
  b?: Float32Array;
  size: number;
  labels: readonly NamedLabels[];
  fars: readonly number[];
  options: AllPairsOptions;
}): AllPairsVerification {
  const { caller, a, b, size, labels, fars, options } = test;
  const { multiply = plainBlockProduct, blockRows = 1024, memory = 2 ** 24 } = options;
  checkWhole(`${caller}: memory`, memory, 0);
  const { numbers, rowCounts } = numberIdentities(...labels);
  const [rows, columns] = [numbers[0]!, numbers[1] ?? numbers[0]!];
  const pairs = b ? rows.length * columns.length : (rows.length * (rows.length - 1)) / 2;
  const positives = rowCounts[0]!.reduce(
    (sum, own, identity) => sum + (b ? own * rowCounts[1]![identity]! : (own * (own - 1)) / 2),
    0,
  );
  const negatives = pairs - positives;
  const points = operatingPoints(
    {
      caller,
      positives,
      negatives,
      scan: (visit) =>
        scanPairs({ caller, a, b, size, multiply, blockRows }, (scores, start, end, row, firstColumn) => {
          visit(scores, start, end, columns, firstColumn, rows[row]!);
        }),
    },
    fars,
    memory,
  );
  return { points, positives, negatives };
}
