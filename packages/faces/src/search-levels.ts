import { type Similarity, transformPoint } from '@openset/data';

/** A copy of the image at one scale, in which the detector network searches. */
export interface SearchLevel {
  /** Size of the network's input, multiples of 32. */
  readonly height: number;
  readonly width: number;
  /** Maps points of the image to points of the input. */
  readonly transform: Similarity;
}

/** Scale and position of the image in the input of the detector network. */
export interface LevelOptions {
  /** Length of the image's longer side in the input, in pixels. */
  readonly side: number;
  /** Minimum distance of the image from the edges of the input, in pixels. Faces at the edge of the image need one. */
  readonly margin: number;
  /** Clockwise turns of the image by 90°; default 0. */
  readonly quarterTurns?: 0 | 1 | 2 | 3;
}

/** The network halves its input five times. */
const multiple = 32;

/** Plans the input of the detector network for an image. The image is centred. */
export function planLevel(
  image: { readonly height: number; readonly width: number },
  { side, margin, quarterTurns = 0 }: LevelOptions,
): SearchLevel {
  const scale = side / Math.max(image.height, image.width);
  const padded = (length: number) => Math.ceil((length * scale + 2 * margin) / multiple - 1e-9) * multiple;
  const sizes = [padded(image.width), padded(image.height)] as const;
  const [width, height] = quarterTurns % 2 === 0 ? sizes : [sizes[1], sizes[0]];
  const a = [scale, 0, -scale, 0][quarterTurns]!;
  const b = [0, scale, 0, -scale][quarterTurns]!;
  // Centres of pixels are integers, so the middle of a row of n pixels is (n − 1) / 2.
  const [x, y] = transformPoint({ a, b, x0: 0, y0: 0 }, [(image.width - 1) / 2, (image.height - 1) / 2]);
  return { height, width, transform: { a, b, x0: (width - 1) / 2 - x, y0: (height - 1) / 2 - y } };
}

/**
 * Longer sides of the levels, from coarse to fine. The detector network reliably finds faces of 16 pixels of its input, so the
 * levels show faces of 7 %, 3.6 % and 1.6 % of the longer side of the image.
 */
export const levelSides = [224, 448, 1024] as const;

/** Size, in pixels of the network's input, of faces that the detector network reliably finds. */
const reliableSize = 16;

/** Faces of fewer pixels are not searched for: nobody can be recognised on them. */
const smallestFace = 20;

/** Whether a level shows faces that are worth finding, and that coarser levels do not show. */
export function isUsefulLevel(image: { readonly height: number; readonly width: number }, side: number) {
  if (side === levelSides[0]) return true;
  return (reliableSize * Math.max(image.height, image.width)) / side >= smallestFace;
}

/** Which faces of an image are needed: all, or at least the largest. */
export type FaceNeed = 'all' | 'largest';

/**
 * Whether a finer level may show a face that is needed. If all are needed: none was found so far, or one so small that faces of half
 * its size are not found reliably. If the largest is needed: none was found so large that larger ones are found reliably.
 *
 * @param sizes sides of the faces found so far, in pixels of the image
 */
export function needsFinerLevel(
  image: { readonly height: number; readonly width: number },
  side: number,
  sizes: readonly number[],
  need: FaceNeed = 'all',
): boolean {
  if (sizes.length === 0) return true;
  const scale = side / Math.max(image.height, image.width);
  if (need === 'largest') return Math.max(...sizes) * scale < reliableSize;
  return Math.min(...sizes) * scale < 2 * reliableSize;
}

/** The level that shows an image that stands on its head. */
export const upsideDownLevel: LevelOptions = { side: 224, margin: 16, quarterTurns: 2 };

/** Levels that are tried when no face was found: faces that fill the image, and images that lie on a side or upside down. */
export const rescueLevels: readonly LevelOptions[] = [
  { side: 160, margin: 48 },
  { side: 224, margin: 16, quarterTurns: 1 },
  { side: 224, margin: 16, quarterTurns: 3 },
  upsideDownLevel,
];
