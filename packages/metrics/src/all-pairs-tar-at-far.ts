import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import { checkWhole } from './checks.ts';
import { type NamedLabels, numberIdentities } from './identity-numbers.ts';
import { operatingPoints } from './operating-points.ts';
import { scanPairs } from './scan-pairs.ts';
import type { OperatingPoint } from './tar-at-far.ts';
import { unitRows } from './unit-rows.ts';

/** TAR@FAR over all pairs of embeddings. */
export interface AllPairsVerification {
  /** For each target, in the order given: the conservative operating point, as of `tarAtFar`. */
  readonly points: readonly OperatingPoint[];
  /** How many pairs of the same identity there are. */
  readonly positives: number;
  /** How many pairs of different identities there are. */
  readonly negatives: number;
}

/** How to go through all pairs. */
export interface AllPairsOptions {
  /** Products of blocks of rows; default `plainBlockProduct`. A tfjs backend's `matMul` is several times faster. */
  readonly multiply?: BlockProduct;
  /** Rows of each block, at least 1, default 1024: `blockRows²` scores are held at a time. */
  readonly blockRows?: number;
  /**
   * The most scores that may be kept, default 2²⁴ (64 MiB). What counts is the number of positives and twice the false
   * accepts of the highest target; where they fit, one pass over all pairs is enough, otherwise there are two.
   */
  readonly memory?: number;
}

/**
 * TAR@FAR over all pairs of one set, each once: the all-vs-all protocol of MFR-Ongoing (Children, Multi-racial). The
 * scores are cosines in float32, streamed by blocks and never held together, and the result is exact: that of `tarAtFar`
 * with the conservative rule on all of them. 100,000 embeddings are 5·10⁹ pairs.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param labels `[rows]`: identities, any numbers
 * @param size the embedding size
 * @param fars targets, each in `[0, 1]`
 * @throws MetricsError if lengths do not fit, a row is unusable (as `unitRows`), a kind of pairs is missing, a target or
 *   an option is out of range, or `multiply` answers with something else than the products
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
 * TAR@FAR over all pairs of one embedding of `a` and one of `b`: the protocol of MFR-Ongoing's Mask test (masked images
 * against plain ones). Otherwise as `allPairsTarAtFar`.
 *
 * @param a `[rowsA, size]`, row-major; need not be normalised
 * @param labelsA `[rowsA]`: identities, any numbers
 * @param b `[rowsB, size]`
 * @param labelsB `[rowsB]`: the same numbers mean the same identities
 * @param size the embedding size
 * @param fars targets, each in `[0, 1]`
 * @throws MetricsError as `allPairsTarAtFar`
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
  const { numbers, rowsOf } = numberIdentities(...labels);
  const [rows, columns] = [numbers[0]!, numbers[1] ?? numbers[0]!];
  const pairs = b ? rows.length * columns.length : (rows.length * (rows.length - 1)) / 2;
  const positives = rowsOf[0]!.reduce(
    (sum, own, identity) => sum + (b ? own * rowsOf[1]![identity]! : (own * (own - 1)) / 2),
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
