import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import { checkWhole } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './metrics-error.ts';
import { seededRandom } from './random.ts';
import { requireCosine, scanPairs } from './scan-pairs.ts';
import { unitRows } from './unit-rows.ts';

/** Scores of one positive pair and the hardest negative pair of each image, the input of `identityThresholds`. */
export interface IdentityScores {
  /** `[images]`: cosine with one other image of the same identity. */
  readonly positives: Float64Array<ArrayBuffer>;
  /** `[images]`: highest cosine with the drawn images of the other identities. */
  readonly hardestNegatives: Float64Array<ArrayBuffer>;
  /** `[images]`: identity of each image. */
  readonly labels: Float64Array<ArrayBuffer>;
  /** `[images]`: row of each image in the embeddings. */
  readonly rows: Uint32Array<ArrayBuffer>;
}

/**
 * Draws the pairs of UniTSFace's figure on per-identity thresholds (arXiv 2311.02523). Each image of the drawn identities
 * gets one positive pair with another random image of its identity. It gets N − 1 negative pairs with one random image of
 * each other identity, for N identities in total. All images share these negatives, as a sample memory holds one image for
 * each class.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param labels `[rows]`: identities, any numbers
 * @param size the embedding size
 * @param options `identities`: how many to draw of those with at least two images, default all (20 in the paper).
 *   `seed`: default 0. `multiply`, `blockRows`: as for `allPairsTarAtFar`
 * @throws MetricsError if there are fewer such identities, there is only one identity, lengths do not match, `unitRows`
 *   rejects a row, or `multiply` returns values that are not cosines
 */
export function sampleIdentityScores(
  embeddings: ArrayLike<number>,
  labels: ArrayLike<number>,
  size: number,
  options: { identities?: number; seed?: number; multiply?: BlockProduct; blockRows?: number } = {},
): IdentityScores {
  const caller = 'sampleIdentityScores';
  const { seed = 0, multiply = plainBlockProduct, blockRows = 1024 } = options;
  const unit = unitRows(embeddings, size, `${caller}: embeddings`);
  const named = { name: `${caller}: labels`, labels, rows: unit.length / size };
  const { numbers, count, labels: distinct } = numberIdentities(named);
  const random = seededRandom(`${caller}: seed`, seed);
  const members: number[][] = Array.from({ length: count }, () => []);
  for (const [row, identity] of numbers[0]!.entries()) members[identity]!.push(row);
  const eligible = members.flatMap((own, identity) => (own.length > 1 ? [identity] : []));
  const { identities = Math.max(1, eligible.length) } = options;
  checkWhole(`${caller}: identities`, identities, 1);
  if (count < 2) {
    throw new MetricsError(`${caller} needs at least two identities, but found one: add images of others.`);
  }
  if (eligible.length < identities) {
    throw new MetricsError(
      `${caller}: identities is ${identities}, but only ${eligible.length} of ${count} identities have two images: ` +
        'lower it, or add images.',
    );
  }
  const pick = (from: readonly number[]) => from[random.below(from.length)]!;
  const memory = members.map(pick);
  // The first places of a shuffle, then sorted by first appearance.
  for (let index = 0; index < identities; index++) {
    const other = index + random.below(eligible.length - index);
    [eligible[index], eligible[other]] = [eligible[other]!, eligible[index]!];
  }
  const drawn = eligible.slice(0, identities).sort((a, b) => a - b);

  const rows = Uint32Array.from(drawn.flatMap((identity) => members[identity]!));
  const own = Int32Array.from(rows, (row) => numbers[0]![row]!);
  const partners = Uint32Array.from(rows, (row, image) => {
    const others = members[own[image]!]!;
    const index = random.below(others.length - 1);
    return others[index] === row ? others.at(-1)! : others[index]!;
  });
  const positives = Float64Array.from(rows, (row, image) => {
    let dot = 0;
    for (let column = 0; column < size; column++) {
      dot += unit[row * size + column]! * unit[partners[image]! * size + column]!;
    }
    return dot;
  });
  const hardestNegatives = new Float64Array(rows.length).fill(Number.NEGATIVE_INFINITY);
  const [a, b] = [gather(unit, rows, size), gather(unit, memory, size)];
  scanPairs({ caller, a, b, size, multiply, blockRows }, (scores, start, end, image, firstIdentity) => {
    for (let index = start; index < end; index++) {
      const score = scores[index]!;
      requireCosine(caller, score);
      const isOther = firstIdentity + index - start !== own[image];
      if (isOther && score > hardestNegatives[image]!) hardestNegatives[image] = score;
    }
  });
  return {
    positives,
    hardestNegatives,
    labels: Float64Array.from(own, (identity) => distinct[identity]!),
    rows,
  };
}

/** Copies rows into a new matrix. */
function gather(values: Float32Array, rows: ArrayLike<number>, size: number): Float32Array {
  const gathered = new Float32Array(rows.length * size);
  for (let index = 0; index < rows.length; index++) {
    gathered.set(values.subarray(rows[index]! * size, (rows[index]! + 1) * size), index * size);
  }
  return gathered;
}
