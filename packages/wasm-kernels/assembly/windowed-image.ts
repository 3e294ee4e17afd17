import { at } from './lanes';
import { copyWindows } from './window';

/** First parameters of the convolutions without Winograd's algorithm: an image, and the windows that its results read. */
@unmanaged
export class WindowedImage {
  /** `[batch, height, width, channels]`. */
  image: usize;
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  /** Result pixels. The window of (row, column) starts at (row · strideY + offsetY, column · strideX + offsetX). */
  gridHeight: i32;
  gridWidth: i32;
  strideY: i32;
  strideX: i32;
  offsetY: i32;
  offsetX: i32;
  tapsY: i32;
  tapsX: i32;
}

/** Copies the elements k ≤ … < k + depth of the windows of `count` result pixels, from pixel `row` of the batch on. */
export function copyLines(c: WindowedImage, row: i32, count: i32, k: i32, depth: i32, target: usize): void {
  const pixels = c.gridHeight * c.gridWidth;
  const imageBytes = at(c.height * c.width * c.channels);
  const pixel = row % pixels;
  let image = c.image + <usize>(row / pixels) * imageBytes;
  let gridY = pixel / c.gridWidth;
  let gridX = pixel - gridY * c.gridWidth;
  while (count > 0) {
    const windows = min(count, c.gridWidth - gridX);
    copyLinesOf(c, image, gridY, gridX, windows, k, depth, target);
    count -= windows;
    target += at(windows * depth);
    gridX = 0;
    if (++gridY == c.gridHeight) {
      gridY = 0;
      image += imageBytes;
    }
  }
}

/** Copies the elements k ≤ … < k + depth of the windows of adjacent result pixels of one row of an image. */
export function copyLinesOf(
  c: WindowedImage,
  image: usize,
  gridY: i32,
  gridX: i32,
  windows: i32,
  k: i32,
  depth: i32,
  target: usize,
): void {
  const rowLength = c.tapsX * c.channels;
  const tapY = k / rowLength;
  copyWindows(
    image,
    c.height,
    c.width,
    c.channels,
    c.tapsX,
    gridY * c.strideY + c.offsetY,
    gridX * c.strideX + c.offsetX,
    c.strideX,
    windows,
    tapY,
    (k + depth - 1) / rowLength,
    k - tapY * rowLength,
    depth,
    target,
    at(depth),
  );
}
