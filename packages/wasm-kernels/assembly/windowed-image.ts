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
