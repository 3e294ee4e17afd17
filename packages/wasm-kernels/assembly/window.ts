// Copies the windows of an image, the parts that results of a convolution read, to lines `[tapsY, tapsX, channels]`. With
// channels last, each row of a window is contiguous: 3 × 3 taps of any number of channels take three copies.
import { at } from './lanes';

// @inline
function clamp(value: i32, low: i32, high: i32): i32 {
  return value < low ? low : min(value, high);
}

/** Copies `count` elements. */
export function copy(target: usize, source: usize, count: i32): void {
  for (; count >= 16; count -= 16) {
    v128.store(target, v128.load(source));
    v128.store(target, v128.load(source, 16), 16);
    v128.store(target, v128.load(source, 32), 32);
    v128.store(target, v128.load(source, 48), 48);
    source += 64;
    target += 64;
  }
  copyFew(target, source, count);
}

/** Copies `count` elements. A loop over few of them is faster without the one above. */
function copyFew(target: usize, source: usize, count: i32): void {
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
 * Copies `count` elements of each window, starting at element `first` of its row `tapY` and ending in its row `lastTapY`.
 * Elements outside the image are zeros. Lines are `lineBytes` apart. May overwrite 12 bytes behind the last line.
 *
 * @param y image row of the first row of the windows
 * @param x image column of the first column of the first window
 * @param step image columns from one window to the next
 */
export function copyWindows(
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
  tapsX: i32,
  y: i32,
  x: i32,
  step: i32,
  windows: i32,
  tapY: i32,
  lastTapY: i32,
  first: i32,
  count: i32,
  target: usize,
  lineBytes: usize,
): void {
  const rowLength = tapsX * channels;
  const rowBytes = at(width * channels);
  // The lines are runs of whole vectors or, below, of vectors that read beyond their row, which requires one more row.
  const readsBeyond = ((rowLength | first | count) & 3) != 0;
  const isRun = tapY == lastTapY && !readsBeyond;
  const inside =
    (isRun || (first == 0 && rowLength > 2)) &&
    y + tapY >= 0 &&
    y + lastTapY + (readsBeyond ? 1 : 0) < height;
  while (windows > 0) {
    let done = 1;
    if (inside && x >= 0 && x + tapsX <= width) {
      done = min(windows, (width - tapsX - x) / step + 1);
      const source = image + at(((y + tapY) * width + x) * channels);
      const stepBytes = at(step * channels);
      if (isRun) copyRuns(source + at(first), stepBytes, done, count, target, lineBytes);
      else copyInside(source, rowBytes, rowLength, stepBytes, done, count, target, lineBytes);
    } else {
      copyAtBorder(image, height, width, channels, rowLength, y + tapY, x, first, count, target);
    }
    windows -= done;
    x += done * step;
    target += <usize>done * lineBytes;
  }
}

/** Copies a run of each window. */
function copyRuns(
  source: usize,
  stepBytes: usize,
  windows: i32,
  count: i32,
  target: usize,
  lineBytes: usize,
): void {
  for (; windows > 0; windows--) {
    copy(target, source, count);
    source += stepBytes;
    target += lineBytes;
  }
}

/** Copies windows inside the image, starting at their first element. */
function copyInside(
  source: usize,
  rowBytes: usize,
  rowLength: i32,
  stepBytes: usize,
  windows: i32,
  count: i32,
  target: usize,
  lineBytes: usize,
): void {
  for (; windows > 0; windows--) {
    let from = source;
    let to = target;
    for (let rest = count; rest > 0; rest -= rowLength) {
      const end = at(min(rowLength, rest));
      for (let o: usize = 0; o < end; o += 16) v128.store(to + o, v128.load(from + o));
      from += rowBytes;
      to += end;
    }
    source += stepBytes;
    target += lineBytes;
  }
}

/** Copies one window, any part of which may lie outside the image. */
function copyAtBorder(
  image: usize,
  height: i32,
  width: i32,
  channels: i32,
  rowLength: i32,
  y: i32,
  x: i32,
  first: i32,
  count: i32,
  target: usize,
): void {
  // The range of the image in a row of the window.
  const begin = -x * channels;
  const end = (width - x) * channels;
  for (let row = y; count > 0; row++) {
    const stop = min(rowLength, first + count);
    const present = <u32>row < <u32>height;
    const from = present ? clamp(begin, first, stop) : stop;
    const to = present ? clamp(end, from, stop) : stop;
    clear(target, from - first);
    copyFew(target + at(from - first), image + at((row * width + x) * channels + from), to - from);
    clear(target + at(to - first), stop - to);
    target += at(stop - first);
    count -= stop - first;
    first = 0;
  }
}
