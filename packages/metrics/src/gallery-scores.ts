import { checkWhole } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './metrics-error.ts';
import { type Random, seededRandom } from './random.ts';
import { unitRows } from './unit-rows.ts';

/** Cosines of probes with the templates of a gallery, among people outside training. */
export interface GalleryScores {
  /** `[probes]`: cosine of each probe with the template of the same person. */
  readonly genuine: Float64Array<ArrayBuffer>;
  /** `[probes, people − 1]`: cosine of each probe with the template of each other person, in the order of the people. */
  readonly impostor: Float64Array<ArrayBuffer>;
  /** `[probes]`: person of each probe, from 0 to `people − 1`. */
  readonly person: Uint32Array<ArrayBuffer>;
  /** Number of people. */
  readonly people: number;
}

/** Options of `galleryScores`. */
export interface GalleryScoresOptions {
  /** Largest number of probes of a person, so that nobody with many images dominates; at least 1, default 3. */
  readonly probes?: number;
  /** Largest number of images in a template, at least 1, default 5. */
  readonly templateImages?: number;
  /** Largest number of people, drawn at random, at least 2, default 1000: the scores take `24 · people²` bytes. */
  readonly people?: number;
  /** Seed of the choice of people, probes and templates; default 0. */
  readonly seed?: number;
}

/**
 * Returns the scores that searches in a gallery give, simulated with people outside training. The people with two images or
 * more are the gallery. The template of a person is the unit mean of the unit embeddings, as in `Gallery`. It has all images
 * but one, so it is never the better one for the person's own probe: that is compared with the mean of the other images.
 *
 * @param embeddings `[rows, size]`, row-major; need not be normalised
 * @param labels `[rows]`: identities, any numbers
 * @param size the embedding size
 * @throws MetricsError if fewer than two people have two images, lengths do not match, `unitRows` rejects a row, an option is out
 *   of range, or a template's embeddings cancel out
 */
export function galleryScores(
  embeddings: ArrayLike<number>,
  labels: ArrayLike<number>,
  size: number,
  { probes = 3, templateImages = 5, people: most = 1000, seed = 0 }: GalleryScoresOptions = {},
): GalleryScores {
  const caller = 'galleryScores';
  checkWhole(`${caller}: probes`, probes, 1);
  checkWhole(`${caller}: templateImages`, templateImages, 1);
  checkWhole(`${caller}: people`, most, 2);
  const unit = unitRows(embeddings, size, `${caller}: embeddings`);
  const named = { name: `${caller}: labels`, labels, rows: unit.length / size };
  const { numbers, count } = numberIdentities(named);
  const members: number[][] = Array.from({ length: count }, () => []);
  for (const [row, identity] of numbers[0]!.entries()) members[identity]!.push(row);
  const random = seededRandom(`${caller}: seed`, seed);
  const eligible = members.filter((rows) => rows.length > 1);
  if (eligible.length < 2) {
    throw new MetricsError(
      `${caller} needs two people with two images each, but found ${eligible.length}: add images.`,
    );
  }
  const people = drawSome(eligible, most, random).map((rows) => drawSome(rows, rows.length, random));
  const imagesOf = (rows: readonly number[]) => Math.min(templateImages, rows.length - 1);
  const meanOf = (rows: readonly number[]) => unitMean(unit, size, rows);
  const templates = people.map((rows) => meanOf(rows.slice(0, imagesOf(rows))));
  const genuine: number[] = [];
  const impostor: number[] = [];
  const owners: number[] = [];
  for (const [person, rows] of people.entries()) {
    // The last images first: they are in no template, unless the person has few.
    for (const probe of rows.slice(-probes)) {
      const others = rows.filter((row) => row !== probe).slice(0, imagesOf(rows));
      owners.push(person);
      genuine.push(cosineOf(unit, size, probe, meanOf(others)));
      for (const [other, template] of templates.entries()) {
        if (other !== person) impostor.push(cosineOf(unit, size, probe, template));
      }
    }
  }
  return {
    genuine: Float64Array.from(genuine),
    impostor: Float64Array.from(impostor),
    person: Uint32Array.from(owners),
    people: people.length,
  };
}

/** Returns some of the values, or all, in random order. */
function drawSome<Value>(values: readonly Value[], most: number, random: Random): Value[] {
  const drawn = [...values];
  const end = Math.min(most, drawn.length);
  for (let place = 0; place < end; place++) {
    const other = place + random.below(drawn.length - place);
    [drawn[place], drawn[other]] = [drawn[other]!, drawn[place]!];
  }
  return drawn.slice(0, end);
}

function unitMean(unit: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const sum = new Float64Array(size);
  for (const row of rows) {
    for (let k = 0; k < size; k++) sum[k]! += unit[row * size + k]!;
  }
  return unitRows(sum, size, 'galleryScores: the mean embedding of a person');
}

function cosineOf(unit: Float32Array, size: number, row: number, template: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += unit[row * size + k]! * template[k]!;
  return Math.min(1, Math.max(-1, sum));
}
