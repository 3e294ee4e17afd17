import type { FaceCrop } from '@openset/core';
import { faceTemplate, type ImageRecord, type PixelImage } from '@openset/data';
import type { Face } from '@openset/faces';
import type { ImageReading } from '../images/image-reading.ts';
import type { FaceSelection, FaceTools } from './face-tools.ts';
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
): Promise<PhotoFaces> {
  return facesOf(await openPhoto(record, reading), tools);
}

/** Finds the faces of a decoded photo. */
export async function facesOf(photo: Photo, tools: FaceTools): Promise<PhotoFaces> {
  const { height, width, image, reduction, decodeWhole } = photo;
  const found = await tools.detect(image);
  const all = found.map((face) => scaleFace(face, reduction));
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

/** Scales the coordinates of a face. */
export function scaleFace(face: Face, factor: number): Face {
  if (factor === 1) return face;
  const { box, landmarks, mesh, quality } = face;
  const scaled = ([x, y]: Face['landmarks'][0]) => [x * factor, y * factor] as const;
  const [first, second, third, fourth, fifth] = landmarks;
  return {
    ...face,
    box: {
      x: box.x * factor,
      y: box.y * factor,
      width: box.width * factor,
      height: box.height * factor,
    },
    landmarks: [scaled(first), scaled(second), scaled(third), scaled(fourth), scaled(fifth)],
    mesh: { ...mesh, center: scaled(mesh.center), side: mesh.side * factor },
    quality: { ...quality, eyeDistance: quality.eyeDistance * factor },
  };
}
