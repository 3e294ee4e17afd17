import { DataError, type FaceCrop } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { Face } from '@openset/faces';
import { describeCrop } from '@openset/verify';
import { counted } from '../evaluation/texts.ts';
import { imageName } from '../images/image-name.ts';
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
  const { looked, found, filled, square, without } = await lookAtFaces(source, reading, tools);
  // Crops may be too tight for the detector, but they are about square.
  const areCrops = found === 0 ? 2 * square >= looked : 2 * filled > found;
  if (areCrops) {
    const seen =
      found === 0
        ? `no face found on ${counted(looked, 'image')} looked at`
        : `faces fill ${filled} of ${found} of the images looked at`;
    output.note(`images are taken whole: ${seen} (--align crops faces)`);
    if (found > 0 && without.length > 0) {
      const named = imageName(source, without[0]!);
      output.note(`no face found on ${counted(without.length, 'image')} of ${looked}, such as '${named}'`);
    }
    return null;
  }
  if (found === 0) {
    output.note(
      `faces are cropped: no face found on ${counted(looked, 'image')} looked at, and most are no squares, as crops ` +
        'are (--no-align takes images whole)',
    );
    return crop;
  }
  output.note(
    `faces are cropped: they fill ${filled} of ${found} images looked at (--no-align takes images whole)`,
  );
  return crop;
}

/** How the faces of probes are cropped. */
export interface ProbeCropping {
  /** Null if all probes are taken whole. */
  readonly crop: FaceCrop | null;
  /** Returns whether a probe is taken whole, from its largest face or null. Null if none is. */
  readonly isWhole: ((face: Face | null, photo: Size) => boolean) | null;
}

/**
 * Decides how the probes of a search are cropped: they must show the same part of a face as the images of the gallery. If the
 * gallery was taken whole because its images are crops, each probe that is a crop too is taken whole. The others are cropped, with
 * a note that says how.
 * @param gallery crop of the gallery's images, from `chooseAlignment`
 */
export async function chooseProbeCrop(
  gallery: FaceCrop | null,
  probes: ImageSource,
  reading: ImageReading,
  loadTools: () => Promise<FaceTools>,
  output: Output,
): Promise<ProbeCropping> {
  const crop = photoCrop(reading);
  if (gallery !== null || crop === null || reading.align !== undefined) return { crop, isWhole: null };
  const { looked, found, filled } = await lookAtFaces(probes, reading, await loadTools(), isSquareCrop);
  const areCrops = found > 0 && 2 * filled > found;
  const which = filled === looked ? 'probes' : 'probes that are crops';
  if (filled > 0) {
    output.note(
      `${which} are taken whole, as the gallery: faces fill ${filled} of ${counted(looked, 'image')} looked at`,
    );
  }
  if (filled < found || found === 0) {
    output.note(
      `warning: the gallery's images are taken whole, but ${filled > 0 ? 'other ' : ''}probes are cropped to ${describeCrop(crop)}. If ` +
        'the gallery shows other crops, cosines are too low: --align crops both, --no-align takes both whole',
    );
  }
  // Among crops, one that is too tight for the detector is a crop all the same.
  return { crop, isWhole: (face, photo) => (face ? isSquareCrop(face, photo) : areCrops && isSquare(photo)) };
}

/** Size of a photo in pixels. */
type Size = Pick<PhotoFaces, 'height' | 'width'>;

/** Largest quotient of the sides of an image that counts as square. */
const squareSides = 1.25;

/** Whether a face fills an image that is about square: a close portrait is no crop. */
function isSquareCrop(face: Face, photo: Size): boolean {
  return fillsImage(face, photo) && isSquare(photo);
}

function isSquare({ height, width }: Size): boolean {
  return Math.max(height, width) <= squareSides * Math.min(height, width);
}

/** Counts the images that were decoded, those about square, those with a face, and those that a face fills. Lists those without. */
async function lookAtFaces(
  source: ImageSource,
  reading: ImageReading,
  tools: FaceTools,
  isCrop: typeof fillsImage = fillsImage,
) {
  const count = Math.min(sampleSize, source.size);
  const counts = { looked: 0, square: 0, found: 0, filled: 0 };
  const without: number[] = [];
  for (let sample = 0; sample < count; sample++) {
    const index = Math.floor((sample * source.size) / count);
    try {
      const record = await source.get(index);
      const photo = await findFaces(record, reading, tools, { need: 'largest' });
      counts.looked += 1;
      if (isSquare(photo)) counts.square += 1;
      const [face] = photo.select('largest');
      if (!face) {
        without.push(index);
        continue;
      }
      counts.found += 1;
      if (isCrop(face, photo)) counts.filled += 1;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  }
  return { ...counts, without };
}

/** Whether a face fills an image, as in a crop. */
export function fillsImage({ mesh }: Face, { height, width }: Size): boolean {
  return mesh.side >= filledShare * Math.min(height, width);
}
