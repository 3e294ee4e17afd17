import { checkNotEmpty, checkSameLength } from './checks.ts';
import { numberIdentities } from './identity-numbers.ts';
import { MetricsError } from './metrics-error.ts';
import { rocCurve } from './roc-curve.ts';
import { type FarRule, type OperatingPoint, operatingPoint } from './tar-at-far.ts';
import { unitRows } from './unit-rows.ts';

/** The images of a template protocol. */
export interface TemplateImages {
  /** `[images, size]`, row-major, not normalised: the length of a row measures the quality of its image. */
  readonly embeddings: ArrayLike<number>;
  /** `[images, size]`: embeddings of the mirrored images, to be added; default none. */
  readonly mirrored?: ArrayLike<number>;
  /** `[images]`: weights of the images, the face detector's scores; default equal weights. */
  readonly detectorScores?: ArrayLike<number>;
  /** `[images]`: template of each image, any numbers. List an image of two templates twice. */
  readonly templateIds: ArrayLike<number>;
  /** `[images]`: medium of each image. Frames of one video share it. Ids are compared only within a template. */
  readonly mediaIds: ArrayLike<number>;
  /** The embedding size. */
  readonly size: number;
}

/** One unit embedding for each template. */
export interface TemplateEmbeddings {
  /** `[templates]`: ids, in order of first appearance. */
  readonly templateIds: readonly number[];
  /** `[templates, size]`, row-major, unit rows. */
  readonly embeddings: Float64Array<ArrayBuffer>;
  /** The embedding size. */
  readonly size: number;
}

/**
 * Returns the template embeddings of IJB-B and IJB-C by InsightFace's procedure (`eval_ijbc.py`). It adds the embeddings of
 * image and mirrored image without normalisation, multiplies by the detector's score, averages over the frames of each
 * medium, sums over the media of the template, and normalises the sum.
 *
 * @throws MetricsError if lengths do not match, a number is not finite, or a template's embeddings cancel out
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
  // Called for its checks: whole rows of finite numbers that are not all zeros.
  const images = unitRows(embeddings, size, `${caller}: embeddings`).length / size;
  const checkValues = (name: string, values: ArrayLike<number>, length: number): void => {
    checkNotEmpty(`${caller}: ${name}`, values);
    checkSameLength(`${caller}: ${name}`, values.length, `embeddings ([${images}, ${size}])`, length);
    for (let index = 0; index < length; index++) {
      if (Number.isFinite(values[index])) continue;
      throw new MetricsError(`${caller}: ${name}[${index}] is ${String(values[index])}, but must be finite.`);
    }
  };
  if (mirrored) checkValues('mirrored', mirrored, images * size);
  if (detectorScores) checkValues('detectorScores', detectorScores, images);
  const numberIds = (name: string, labels: ArrayLike<number>) =>
    numberIdentities({ name: `${caller}: ${name}`, labels, rows: images });
  const templates = numberIds('templateIds', templateIds);
  const media = numberIds('mediaIds', mediaIds);

  // Counts frames by template and medium: equal media ids of two templates are different media.
  const mediumKey = (image: number) =>
    templates.numbers[0]![image]! * media.count + media.numbers[0]![image]!;
  const frames = new Map<number, number>();
  for (let image = 0; image < images; image++) {
    frames.set(mediumKey(image), (frames.get(mediumKey(image)) ?? 0) + 1);
  }
  const sums = new Float64Array(templates.count * size);
  for (let image = 0; image < images; image++) {
    // Sum over media of means over frames, in one pass.
    const weight = (detectorScores ? detectorScores[image]! : 1) / frames.get(mediumKey(image))!;
    const target = templates.numbers[0]![image]! * size;
    for (let column = 0; column < size; column++) {
      const index = image * size + column;
      sums[target + column]! += weight * (embeddings[index]! + (mirrored ? mirrored[index]! : 0));
    }
  }
  for (let template = 0; template < templates.count; template++) {
    const row = sums.subarray(template * size, (template + 1) * size);
    const length = Math.hypot(...row);
    if (!(length > 0 && length < Number.POSITIVE_INFINITY)) {
      throw new MetricsError(
        `${caller}: the sum of template ${templates.labels[template]} has length ${length}, so it has no direction: ` +
          'check its embeddings and detector scores.',
      );
    }
    for (let column = 0; column < size; column++) row[column]! /= length;
  }
  return { templateIds: templates.labels, embeddings: sums, size };
}

/** Result of verification on pairs of templates. */
export interface TemplateVerification {
  /** `[pairs]`: cosines. */
  readonly similarities: Float64Array<ArrayBuffer>;
  /** Operating point of each target, in the order of `fars`. */
  readonly points: readonly OperatingPoint[];
}

/**
 * Runs the 1:1 verification of IJB-B and IJB-C: cosines of pairs of templates, and TAR@FAR by the nearest rule, as
 * InsightFace reports it.
 *
 * @param templates from `templateEmbeddings`
 * @param pairs `[pairs, 2]`, row-major: ids of the two templates of each pair
 * @param isSame `[pairs]`: true or 1 if both templates show the same identity
 * @param fars targets, each in `[0, 1]`
 * @param options `rule`: `'nearest'` (default) or `'conservative'`, see `FarRule`
 * @throws MetricsError if a pair names a missing template, lengths do not match, a kind of pairs is missing, or a target is
 *   not in `[0, 1]`
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
  const source = `isSame (${isSame.length} pairs)`;
  checkSameLength('templateVerification: pairs', pairs.length, source, 2 * isSame.length);
  const rows = new Map(templateIds.map((id, row) => [id, row]));
  const findStart = (index: number): number => {
    const row = rows.get(pairs[index]!);
    if (row !== undefined) return row * size;
    throw new MetricsError(
      `templateVerification: pairs[${index}] is template ${String(pairs[index])}, which has no images.`,
    );
  };
  const similarities = new Float64Array(isSame.length);
  for (let pair = 0; pair < similarities.length; pair++) {
    const [first, second] = [findStart(2 * pair), findStart(2 * pair + 1)];
    let dot = 0;
    for (let column = 0; column < size; column++) {
      dot += embeddings[first + column]! * embeddings[second + column]!;
    }
    similarities[pair] = Math.min(1, Math.max(-1, dot));
  }
  const curve = rocCurve(similarities, isSame);
  return { similarities, points: fars.map((far) => operatingPoint(curve, far, { rule })) };
}
