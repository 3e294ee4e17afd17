import { type BlockProduct, plainBlockProduct } from './block-product.ts';
import { checkWhole } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './metrics-error.ts';
import { seededRandom } from './random.ts';
import { badScore, largestCosine, scanPairs } from './scan-pairs.ts';
import { unitRows } from './unit-rows.ts';

/** One positive pair and the hardest negative pair of each image, as `identityThresholds` takes them. */
export interface IdentityScores {
  /** `[images]`: the cosine with one image of the same identity. */
  readonly positives: Float64Array<ArrayBuffer>;
  /** `[images]`: the highest cosine with the one image of each other identity. */
  readonly hardestNegatives: Float64Array<ArrayBuffer>;
  /** `[images]`: the identity of each image. */
  readonly labels: Float64Array<ArrayBuffer>;
  /** `[images]`: the row of each image in the embeddings. */
  readonly rows: Uint32Array<ArrayBuffer>;
}

/**
 * Draws the pairs of UniTSFace's figure on per-identity thresholds (arXiv 2311.02523): for each image of some identities
 * one positive pair, with another random image of the identity, and N − 1 negative pairs, with one random image of each of
 * the other identities of all N (the same image for all, as a sample memory holds one for each class).
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param labels `[rows]`: identities, any numbers
 * @param size the embedding size
 * @param options `identities`: how many are drawn from those with at least two images, default all (20 in the paper).
 *   `seed`: default 0. `multiply`, `blockRows`: as for `allPairsTarAtFar`
 * @throws MetricsError if there are fewer such identities, there is only one identity, lengths do not fit, a row is
 *   unusable (as `unitRows`), or `multiply` answers with something else than the products
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
  const able = members.flatMap((own, identity) => (own.length > 1 ? [identity] : []));
  const { identities = able.length } = options;
  checkWhole(`${caller}: identities`, identities, 1);
  if (count < 2 || able.length < identities) {
    throw new MetricsError(
      `${caller}: ${identities} identities with at least two images, and another one, are needed, but of ${count} ` +
        `identities ${able.length} have two images.`,
    );
  }
  const pick = (from: readonly number[]) => from[random.below(from.length)]!;
  const memory = members.map(pick);
  // The first of a shuffle, then in order of appearance.
  for (let place = 0; place < identities; place++) {
    const other = place + random.below(able.length - place);
    [able[place], able[other]] = [able[other]!, able[place]!];
  }
  const drawn = able.slice(0, identities).sort((a, b) => a - b);

  const rows = Uint32Array.from(drawn.flatMap((identity) => members[identity]!));
  const own = Int32Array.from(rows, (row) => numbers[0]![row]!);
  const partners = Uint32Array.from(rows, (row, image) => {
    const others = members[own[image]!]!;
    const place = random.below(others.length - 1);
    return others[place] === row ? others.at(-1)! : others[place]!;
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
    for (let place = start; place < end; place++) {
      const score = scores[place]!;
      if (!(Math.abs(score) <= largestCosine)) throw badScore(caller, score);
      const isOther = firstIdentity + place - start !== own[image];
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

/** The chosen rows, one after another. */
function gather(values: Float32Array, rows: ArrayLike<number>, size: number): Float32Array {
  const gathered = new Float32Array(rows.length * size);
  for (let place = 0; place < rows.length; place++) {
    gathered.set(values.subarray(rows[place]! * size, (rows[place]! + 1) * size), place * size);
  }
  return gathered;
}
