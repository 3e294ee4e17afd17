import type { Face } from '@openset/faces';
import { decimal } from '../evaluation/texts.ts';

/** A face in the result of a command. */
export interface FacePlace {
  /** Left, top, width and height in pixels of the upright photo. */
  readonly box: Face['box'];
  /** Confidence of the detector, in [0, 1]. */
  readonly score: number;
}

/** Returns the place of a face, rounded to tenths of a pixel; null for an image that was taken whole. */
export function facePlace(face: Face | null): FacePlace | null {
  if (!face) return null;
  const { x, y, width, height } = face.box;
  const box = { x: tenth(x), y: tenth(y), width: tenth(width), height: tenth(height) };
  return { box, score: Number(face.score.toFixed(4)) };
}

/** Describes the place of a face: `120 × 150 pixels at (640, 80)`. */
export function placeText({ box }: Pick<Face, 'box'>): string {
  const pixels = (value: number) => decimal(value, 0);
  return `${pixels(box.width)} × ${pixels(box.height)} pixels at (${pixels(box.x)}, ${pixels(box.y)})`;
}

function tenth(value: number): number {
  return Math.round(10 * value) / 10;
}
