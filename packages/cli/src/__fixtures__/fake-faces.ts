import type { PixelImage } from '@openset/data';
import { cropFace, type Face, selectFaces } from '@openset/faces';
import type { FaceTools } from '../faces/face-tools.ts';

/** Returns an upright face in a square of an image. */
export function fakeFace(x: number, y: number, side: number, facts: Partial<Face> = {}): Face {
  const at = (right: number, down: number) => [x + right * side, y + down * side] as const;
  return {
    box: { x, y, width: side, height: side },
    score: 0.9,
    landmarks: [at(0.3, 0.4), at(0.7, 0.4), at(0.5, 0.6), at(0.35, 0.8), at(0.65, 0.8)],
    mesh: { center: at(0.5, 0.5), side, angle: 0 },
    quality: { eyeDistance: 0.4 * side, sharpness: 0.01, yaw: 0, roll: 0 },
    ...facts,
  };
}

/** Returns tools that find given faces instead of looking, and record the images that are cropped. */
export function fakeTools(detect: (image: PixelImage) => readonly Face[]): FaceTools & {
  readonly cropped: { readonly width: number; readonly face: Face }[];
} {
  const cropped: { readonly width: number; readonly face: Face }[] = [];
  return {
    cropped,
    detect: async (image) => detect(image),
    crop: (image, face, crop, size) => {
      cropped.push({ width: image.width, face });
      return cropFace(image, face, crop, size);
    },
    select: selectFaces,
  };
}
