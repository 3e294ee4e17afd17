import { checkNotEmpty, checkSameLength } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './metrics-error.ts';
import { rocCurve } from './roc-curve.ts';
import { type FarRule, type OperatingPoint, operatingPoint } from './tar-at-far.ts';
import { unitRows } from './unit-rows.ts';

/** The images of a template protocol. */
export interface TemplateImages {
  /** `[images, size]`, row-major: raw, because the length says how good an image is. */
  readonly embeddings: ArrayLike<number>;
  /** `[images, size]`: embeddings of the images mirrored, which are added; absent: none are. */
  readonly mirrored?: ArrayLike<number>;
  /** `[images]`: the face detector's scores, which weigh the images; absent: all weigh the same. */
  readonly detectorScores?: ArrayLike<number>;
  /** `[images]`: the template each image belongs to, any numbers. An image of two templates is given twice. */
  readonly templateIds: ArrayLike<number>;
  /** `[images]`: the medium each image comes from: frames of one video share it. Compared within a template. */
  readonly mediaIds: ArrayLike<number>;
  /** The embedding size. */
  readonly size: number;
}

/** One unit embedding for each template. */
export interface TemplateEmbeddings {
  /** `[templates]`: the ids, in order of first appearance. */
  readonly templateIds: readonly number[];
  /** `[templates, size]`, row-major, unit rows. */
  readonly embeddings: Float64Array<ArrayBuffer>;
  /** The embedding size. */
  readonly size: number;
}

/**
 * Template embeddings of IJB-B and IJB-C by InsightFace's procedure (`eval_ijbc.py`): embeddings of image and mirror
 * image added, without normalising; times the detector's score; the mean over the frames of each medium; the sum over
 * the media of the template; divided by its length.
 *
 * @throws MetricsError if lengths do not fit, a number is not finite, or a template's embeddings cancel out
 */
export function templateEmbeddings({
  embeddings,
  mirrored,
  detectorScores,
  templateIds,
  mediaIds,
  size,
}: TemplateImages): TemplateEmbeddings {
  const caller = 'templateEmbeddings';
  // Only for its checks: rows of the right size, finite numbers, no zeros.
  const images = unitRows(embeddings, size, `${caller}: embeddings`).length / size;
  const checkLike = (name: string, values: ArrayLike<number>, length: number): void => {
    checkNotEmpty(`${caller}: ${name}`, values);
    checkSameLength(`${caller}: ${name}`, values.length, `embeddings ([${images}, ${size}])`, length);
    for (let place = 0; place < length; place++) {
      if (Number.isFinite(values[place])) continue;
      throw new MetricsError(`${caller}: ${name}[${place}] is ${String(values[place])}, but must be finite.`);
    }
  };
  if (mirrored) checkLike('mirrored', mirrored, images * size);
  if (detectorScores) checkLike('detectorScores', detectorScores, images);
  const numberOf = (name: string, labels: ArrayLike<number>) =>
    numberIdentities({ name: `${caller}: ${name}`, labels, rows: images });
  const templates = numberOf('templateIds', templateIds);
  const media = numberOf('mediaIds', mediaIds);

  // Media by template, in order of appearance; a medium is one of its template's only.
  const keyOf = (image: number) => templates.numbers[0]![image]! * media.count + media.numbers[0]![image]!;
  const frames = new Map<number, number>();
  for (let image = 0; image < images; image++) {
    frames.set(keyOf(image), (frames.get(keyOf(image)) ?? 0) + 1);
  }
  const sums = new Float64Array(templates.count * size);
  for (let image = 0; image < images; image++) {
    // The sum over media of means over frames, in one go.
    const weight = (detectorScores ? detectorScores[image]! : 1) / frames.get(keyOf(image))!;
    const target = templates.numbers[0]![image]! * size;
    for (let column = 0; column < size; column++) {
      const place = image * size + column;
      sums[target + column]! += weight * (embeddings[place]! + (mirrored ? mirrored[place]! : 0));
    }
  }
  for (let template = 0; template < templates.count; template++) {
    const row = sums.subarray(template * size, (template + 1) * size);
    const length = Math.hypot(...row);
    if (!(length > 0 && length < Number.POSITIVE_INFINITY)) {
      throw new MetricsError(
        `${caller}: the images of template ${templates.labels[template]} add up to length ${length}, which has no ` +
          'direction: check its embeddings and detector scores.',
      );
    }
    for (let column = 0; column < size; column++) row[column]! /= length;
  }
  return { templateIds: templates.labels, embeddings: sums, size };
}

/** Verification of pairs of templates. */
export interface TemplateVerification {
  /** `[pairs]`: cosines. */
  readonly similarities: Float64Array<ArrayBuffer>;
  /** For each target, in the order given: the operating point. */
  readonly points: readonly OperatingPoint[];
}

/**
 * 1:1 verification of IJB-B and IJB-C: cosines of pairs of templates, and TAR@FAR by the nearest rule, as InsightFace
 * reports it.
 *
 * @param templates from `templateEmbeddings`
 * @param pairs `[pairs, 2]`, row-major: the ids of the two templates of each pair
 * @param isSame `[pairs]`: true or 1 where both templates show the same identity
 * @param fars targets, each in `[0, 1]`
 * @param options `rule`: `'nearest'` (default) or `'conservative'`, see `FarRule`
 * @throws MetricsError if a pair names a template that is not there, lengths do not fit, a kind of pairs is missing, or a
 *   target is not in `[0, 1]`
 */
export function templateVerification(
  { templateIds, embeddings, size }: TemplateEmbeddings,
  pairs: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  fars: readonly number[],
  { rule = 'nearest' }: { rule?: FarRule } = {},
): TemplateVerification {
  checkNotEmpty('templateVerification: pairs', pairs);
  checkNotEmpty('templateVerification: isSame', isSame);
  const asked = `isSame (${isSame.length} pairs)`;
  checkSameLength('templateVerification: pairs', pairs.length, asked, 2 * isSame.length);
  const rows = new Map(templateIds.map((id, row) => [id, row]));
  const startOf = (place: number): number => {
    const row = rows.get(pairs[place]!);
    if (row !== undefined) return row * size;
    throw new MetricsError(
      `templateVerification: pairs[${place}] is template ${String(pairs[place])}, which has no images.`,
    );
  };
  const similarities = new Float64Array(isSame.length);
  for (let pair = 0; pair < similarities.length; pair++) {
    const [first, second] = [startOf(2 * pair), startOf(2 * pair + 1)];
    let dot = 0;
    for (let column = 0; column < size; column++) {
      dot += embeddings[first + column]! * embeddings[second + column]!;
    }
    similarities[pair] = Math.min(1, Math.max(-1, dot));
  }
  const curve = rocCurve(similarities, isSame);
  return { similarities, points: fars.map((far) => operatingPoint(curve, far, { rule })) };
}
