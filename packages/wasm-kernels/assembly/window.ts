// The part of an image that one result of a convolution reads, as a line `[tapsY, tapsX, channels]` of numbers. With
// channels last, each row of a window is one piece of memory: 3 × 3 taps of any number of channels are three copies.
import { at, minimum } from './gemm';

// @ts-expect-error: decorator
@inline
function clamp(value: i32, low: i32, high: i32): i32 {
  return value < low ? low : minimum(value, high);
}

function copy(target: usize, source: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(target, v128.load(source));
    source += 16;
    target += 16;
  }
  for (; count > 0; count--) {
    store<f32>(target, load<f32>(source));
    source += 4;
    target += 4;
  }
}

function clear(target: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(target, f32x4.splat(0));
    target += 16;
  }
  for (; count > 0; count--) {
    store<f32>(target, 0);
    target += 4;
  }
}

/**
 * Writes `count` elements of a window, from element `first` of its row `tapY` on; zeros outside of the image.
 *
 * @param y image row of the window's first row
 * @param x image column of its first column
 */
export function copyWindow(
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
  tapsX: i32,
  y: i32,
  x: i32,
  tapY: i32,
  first: i32,
  count: i32,
  target: usize,
): void {
  const rowLength = tapsX * channels;
  // Where the image begins and ends in a row of the window.
  const begin = -x * channels, end = (width - x) * channels;
  for (let row = y + tapY; count > 0; row++) {
    const stop = minimum(rowLength, first + count);
    const inside = <u32>row < <u32>height;
    const from = inside ? clamp(begin, first, stop) : stop;
    const to = inside ? clamp(end, from, stop) : stop;
    clear(target, from - first);
    copy(target + at(from - first), image + at((row * width + x) * channels + from), to - from);
    clear(target + at(to - first), stop - to);
    target += at(stop - first);
    count -= stop - first;
    first = 0;
  }
}
