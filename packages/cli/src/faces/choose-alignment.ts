import { DataError, type FaceCrop } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { Face } from '@openset/faces';
import { describeCrop } from '@openset/verify';
import type { ImageReading } from '../images/image-reading.ts';
import type { Output } from '../output.ts';
import type { FaceTools } from './face-tools.ts';
import { findFaces, type PhotoFaces } from './find-faces.ts';

/** Crop of `--align` for a model that states none. */
export const defaultCrop: FaceCrop = { kind: 'points' };

/** Number of images that are looked at. */
const sampleSize = 32;
/** Side of the face mesh, as a share of the shorter side of the image, from which an image counts as a crop. */
const filledShare = 0.7;

/** Returns the crop for single photos: none with `--no-align`, and none for a model without a crop unless `--align` is given. */
export function photoCrop({ crop, align }: ImageReading): FaceCrop | null {
  if (align === false) return null;
  return crop ?? (align ? defaultCrop : null);
}

/**
 * Decides whether the images of a set are cropped, and returns the crop. Without `--align` or `--no-align`, it looks at evenly spaced
 * images: a set whose faces fill most of the images has been cropped before. Notes the decision.
 * @param loadTools loads the detector; called only if it is needed
 * @returns null if images are taken whole
 */
export async function chooseAlignment(
  source: ImageSource,
  reading: ImageReading,
  loadTools: () => Promise<FaceTools>,
  output: Output,
): Promise<FaceCrop | null> {
  const crop = photoCrop(reading);
  if (crop === null || reading.align !== undefined) return crop;
  const tools = await loadTools();
  const { looked, found, filled } = await lookAtFaces(source, reading, tools);
  if (found === 0 || 2 * filled > found) {
    const seen = found === 0 ? `no face found on ${looked}` : `faces fill ${filled} of ${found}`;
    output.note(`images are taken whole: ${seen} of the images looked at (--align crops faces)`);
    return null;
  }
  output.note(
    `faces are cropped: they fill ${filled} of ${found} images looked at (--no-align takes images whole)`,
  );
  return crop;
}

/**
 * Returns the crop of the probes of a search, which must show the same part of a face as the images of the gallery. If the gallery
 * was taken whole because its images are crops, probes that are crops too are taken whole; other probes are cropped, with a
 * note that says how.
 * @param gallery crop of the gallery's images, from `chooseAlignment`
 * @returns null if the probes are taken whole
 */
export async function chooseProbeCrop(
  gallery: FaceCrop | null,
  probes: ImageSource,
  reading: ImageReading,
  loadTools: () => Promise<FaceTools>,
  output: Output,
): Promise<FaceCrop | null> {
  const crop = photoCrop(reading);
  if (gallery !== null || crop === null || reading.align !== undefined) return crop;
  const { looked, found, filled } = await lookAtFaces(probes, reading, await loadTools(), isSquareCrop);
  if (found > 0 && 2 * filled > found) {
    output.note(`probes are taken whole, as the gallery: faces fill ${filled} of ${looked} images looked at`);
    return null;
  }
  output.note(
    `warning: the gallery's images are taken whole, but probes are cropped to ${describeCrop(crop)}. If the gallery shows other ` +
      'crops, cosines are too low: --align crops both, --no-align takes both whole',
  );
  return crop;
}

/** Largest quotient of the sides of an image that counts as square. */
const squareSides = 1.25;

/** Whether a face fills an image that is about square: a close portrait is no crop. */
function isSquareCrop(face: Face, photo: Pick<PhotoFaces, 'height' | 'width'>): boolean {
  const { height, width } = photo;
  return fillsImage(face, photo) && Math.max(height, width) <= squareSides * Math.min(height, width);
}

/** Counts the images that were decoded, those with a face, and those that a face fills. */
async function lookAtFaces(
  source: ImageSource,
  reading: ImageReading,
  tools: FaceTools,
  isCrop: typeof fillsImage = fillsImage,
) {
  const count = Math.min(sampleSize, source.size);
  const counts = { looked: 0, found: 0, filled: 0 };
  for (let sample = 0; sample < count; sample++) {
    try {
      const record = await source.get(Math.floor((sample * source.size) / count));
      const photo = await findFaces(record, reading, tools, { need: 'largest' });
      counts.looked += 1;
      const [face] = photo.select('largest');
      if (!face) continue;
      counts.found += 1;
      if (isCrop(face, photo)) counts.filled += 1;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  }
  return counts;
}

/** Whether a face fills an image, as in a crop. */
export function fillsImage({ mesh }: Face, { height, width }: Pick<PhotoFaces, 'height' | 'width'>): boolean {
  return mesh.side >= filledShare * Math.min(height, width);
}
