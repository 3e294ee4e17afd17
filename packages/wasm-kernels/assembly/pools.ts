// Gradients of pooling, one image a chunk: each output spreads its gradient over the window that it was made of.
import { at, loadLanes, storeLanes } from './lanes';
import { address, integer } from './parameters';

/**
 * Each output's gradient goes to the first largest value of its window, to none if nothing there is above −∞. Words: dy, dx, x,
 * channels, then height, width, output height, output width, window height, window width, vertical stride, horizontal
 * stride, padding above, padding to the left.
 */
export function maxPoolGradChunk(p: usize, image: i32): void {
  spread(p, image, true);
}

/** Each output's gradient is shared by the values of its window; padding counts nothing. Words: the same, x unused. */
export function avgPoolGradChunk(p: usize, image: i32): void {
  spread(p, image, false);
}

// @ts-ignore: decorator
@inline
function spread(p: usize, image: i32, largestOnly: bool): void {
  const channels = integer(p, 3), height = integer(p, 4), width = integer(p, 5);
  const outHeight = integer(p, 6), outWidth = integer(p, 7);
  const imageBytes = at(height * width * channels) * <usize>image;
  const x = address(p, 2) + imageBytes, dx = address(p, 1) + imageBytes;
  let dy = address(p, 0) + at(outHeight * outWidth * channels) * <usize>image;
  memory.fill(dx, 0, at(height * width * channels));
  for (let row = 0; row < outHeight; row++) {
    const top = row * integer(p, 10) - integer(p, 12);
    const firstY = max(0, top), endY = min(height, top + integer(p, 8));
    for (let column = 0; column < outWidth; column++) {
      const left = column * integer(p, 11) - integer(p, 13);
      const firstX = max(0, left), endX = min(width, left + integer(p, 9));
      for (let channel = 0; channel < channels; channel += 4) {
        const lanes = min(4, channels - channel);
        const gradient = loadLanes(dy + at(channel), lanes);
        const corner = at((firstY * width + firstX) * channels + channel);
        if (largestOnly) toLargest(x + corner, dx + corner, gradient, endY - firstY, endX - firstX, width, channels, lanes);
        else toAll(dx + corner, gradient, endY - firstY, endX - firstX, width, channels, lanes);
      }
      dy += at(channels);
    }
  }
}

// @ts-ignore: decorator
@inline
function toLargest(
  x: usize,
  dx: usize,
  gradient: v128,
  rows: i32,
  columns: i32,
  width: i32,
  channels: i32,
  lanes: i32,
): void {
  const pixel = at(channels), line = at(width * channels);
  let largest = f32x4.splat(-Infinity), where = i32x4.splat(-1), place = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const values = loadLanes(x + <usize>row * line + <usize>column * pixel, lanes);
      const larger = f32x4.gt(values, largest);
      largest = v128.bitselect(values, largest, larger);
      where = v128.bitselect(i32x4.splat(place++), where, larger);
    }
  }
  place = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const target = dx + <usize>row * line + <usize>column * pixel;
      const own = v128.and(gradient, i32x4.eq(where, i32x4.splat(place++)));
      storeLanes(target, f32x4.add(loadLanes(target, lanes), own), lanes);
    }
  }
}

// @ts-ignore: decorator
@inline
function toAll(dx: usize, gradient: v128, rows: i32, columns: i32, width: i32, channels: i32, lanes: i32): void {
  const pixel = at(channels), line = at(width * channels);
  const share = f32x4.div(gradient, f32x4.splat(<f32>(rows * columns)));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const target = dx + <usize>row * line + <usize>column * pixel;
      storeLanes(target, f32x4.add(loadLanes(target, lanes), share), lanes);
    }
  }
}
