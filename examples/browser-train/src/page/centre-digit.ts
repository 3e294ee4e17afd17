import { resizeImage } from '@openset/data';
import { imagePixels, imageSize } from '../image-set.ts';

/** Longest side of a digit of MNIST, in pixels. */
const digitSide = 20;
/** Ink below this is ignored. */
const faint = 16;

/**
 * Returns a drawing as MNIST has its digits: 20 pixels high or wide, with the centre of its ink in the middle of 28 × 28 pixels.
 * @param ink `[height, width]`: 0 for paper, 255 for ink
 * @returns `[28, 28]`; null if nothing is drawn
 */
export function centreDigit(ink: Uint8Array, width: number): Uint8Array<ArrayBuffer> | null {
  const box = inkBox(ink, width);
  if (!box) return null;
  const { top, left, height: rows, width: columns } = box;
  const cropped = new Uint8Array(rows * columns);
  for (let y = 0; y < rows; y++) {
    const start = (top + y) * width + left;
    cropped.set(ink.subarray(start, start + columns), y * columns);
  }
  const factor = digitSide / Math.max(rows, columns);
  const size = {
    height: Math.max(1, Math.round(rows * factor)),
    width: Math.max(1, Math.round(columns * factor)),
  };
  const digit = resizeImage(
    { data: cropped, height: rows, width: columns, channels: 1 },
    { ...size, fit: 'fill' },
  );
  const centre = inkCentre(digit.data, size.width);
  const place = (middle: number, length: number) =>
    Math.min(imageSize - length, Math.max(0, Math.round(imageSize / 2 - middle)));
  const [startX, startY] = [place(centre.x, size.width), place(centre.y, size.height)];
  const result = new Uint8Array(imagePixels);
  for (let y = 0; y < size.height; y++) {
    result.set(digit.data.subarray(y * size.width, (y + 1) * size.width), (startY + y) * imageSize + startX);
  }
  return result;
}

/** Returns the smallest box around the ink; null if there is none. */
function inkBox(ink: Uint8Array, width: number) {
  let [top, left, bottom, right] = [Number.POSITIVE_INFINITY, width, -1, -1];
  ink.forEach((value, index) => {
    if (value < faint) return;
    const [x, y] = [index % width, Math.floor(index / width)];
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    left = Math.min(left, x);
    right = Math.max(right, x);
  });
  return bottom < 0 ? null : { top, left, height: bottom - top + 1, width: right - left + 1 };
}

/** Returns the mean place of the ink, in pixels from the left and top edges. */
function inkCentre(ink: Uint8Array, width: number): { x: number; y: number } {
  let [sum, x, y] = [0, 0, 0];
  ink.forEach((value, index) => {
    sum += value;
    x += value * ((index % width) + 0.5);
    y += value * (Math.floor(index / width) + 0.5);
  });
  return { x: x / sum, y: y / sum };
}
