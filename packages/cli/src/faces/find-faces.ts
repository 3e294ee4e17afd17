import type { FaceCrop } from '@openset/core';
import { faceTemplate, type ImageRecord, type PixelImage, type Point } from '@openset/data';
import type { DetectOptions, Face, FaceSelection } from '@openset/faces';
import type { ImageReading } from '../images/image-reading.ts';
import type { FaceTools } from './face-tools.ts';
import { openPhoto, type Photo } from './photo.ts';

/** The faces of a photo. */
export interface PhotoFaces {
  /** Size of the upright photo in pixels. */
  readonly height: number;
  readonly width: number;
  /** All faces, best score first; coordinates in pixels of the upright photo. */
  readonly faces: readonly Face[];
  /** Returns the selected faces of those given, the best choice first; default: of all. */
  select(selection: FaceSelection, faces?: readonly Face[]): readonly Face[];
  /**
   * Returns the crop of one of the faces, from the whole photo if the reduced one has too few pixels.
   * @returns `[size, size, 3]`
   */
  crop(face: Face, crop: FaceCrop, size: number): Promise<PixelImage>;
}

/**
 * Decodes a photo and finds its faces.
 * @throws DataError with the origin if the photo cannot be decoded
 */
export async function findFaces(
  record: ImageRecord,
  reading: ImageReading,
  tools: FaceTools,
  options?: DetectOptions,
): Promise<PhotoFaces> {
  return facesOf(await openPhoto(record, reading), tools, options);
}

/** Finds the faces of a decoded photo. */
export async function facesOf(
  photo: Photo,
  tools: FaceTools,
  options: DetectOptions = {},
): Promise<PhotoFaces> {
  const { height, width, image, reduction, decodeWhole } = photo;
  const found = await tools.detect(image, options);
  const all = found.map((face) => scaleFace(face, width / image.width, height / image.height));
  const reducedFaces = new Map(all.map((face, index) => [face, found[index]!]));
  let whole: Promise<PixelImage> | undefined;
  return {
    height,
    width,
    faces: all,
    select(selection, faces = all) {
      const candidates = new Map(faces.map((face) => [reducedFaces.get(face)!, face]));
      return tools.select([...candidates.keys()], image, selection).map((face) => candidates.get(face)!);
    },
    async crop(face, crop, size) {
      const reduced = reducedFaces.get(face)!;
      if (reduction === 1 || magnification(reduced, crop, size) <= 1) {
        return tools.crop(image, reduced, crop, size);
      }
      whole ??= decodeWhole();
      return tools.crop(await whole, face, crop, size);
    },
  };
}

/** Distance of the eyes of `faceTemplate`, as a share of the side of a crop. */
const templateEyes = Math.hypot(
  faceTemplate[1]![0] - faceTemplate[0]![0],
  faceTemplate[1]![1] - faceTemplate[0]![1],
);

/** Returns the number of pixels of a crop for a pixel of the image, along a side. */
function magnification({ mesh, quality }: Face, crop: FaceCrop, size: number): number {
  return crop.kind === 'points'
    ? ((templateEyes / 112) * size) / quality.eyeDistance
    : size / (crop.scale * mesh.side);
}

/**
 * Maps a face to an image of another size. Integers are pixel centres, so the edges of both images are at −0.5.
 * @param right factor of the width
 * @param down factor of the height, nearly the same
 */
export function scaleFace(face: Face, right: number, down: number): Face {
  if (right === 1 && down === 1) return face;
  const { box, landmarks, mesh, quality } = face;
  const move = ([x, y]: Point): Point => [(x + 0.5) * right - 0.5, (y + 0.5) * down - 0.5];
  const [x, y] = move([box.x, box.y]);
  const [leftEye, rightEye, nose, leftCorner, rightCorner] = landmarks;
  const scale = Math.sqrt(right * down);
  return {
    ...face,
    box: { x, y, width: box.width * right, height: box.height * down },
    landmarks: [move(leftEye), move(rightEye), move(nose), move(leftCorner), move(rightCorner)],
    mesh: { ...mesh, center: move(mesh.center), side: mesh.side * scale },
    quality: { ...quality, eyeDistance: quality.eyeDistance * scale },
  };
}
