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

function spread(p: usize, image: i32, toLargestOnly: bool): void {
  const channels = integer(p, 3), height = integer(p, 4), width = integer(p, 5);
  const outHeight = integer(p, 6), outWidth = integer(p, 7);
  const imageBytes = at(height * width * channels), start = <usize>image * imageBytes;
  const toX = address(p, 2) - address(p, 1), dx = address(p, 1) + start;
  const pixel = at(channels), line = at(width * channels);
  const rest = channels & 3, whole = at(channels - rest);
  let dy = address(p, 0) + <usize>image * at(outHeight * outWidth * channels);
  memory.fill(dx, 0, imageBytes);
  for (let row = 0; row < outHeight; row++) {
    const top = row * integer(p, 10) - integer(p, 12), firstY = max(0, top);
    const rows = min(height, top + integer(p, 8)) - firstY;
    for (let column = 0; column < outWidth; column++) {
      const left = column * integer(p, 11) - integer(p, 13), firstX = max(0, left);
      const columns = min(width, left + integer(p, 9)) - firstX;
      const window = dx + <usize>firstY * line + <usize>firstX * pixel;
      if (toLargestOnly) {
        for (let c: usize = 0; c < whole; c += 16) toLargest<v128>(dy + c, window + c, toX, rows, columns, line, pixel, 4);
        if (rest) toLargest<f32>(dy + whole, window + whole, toX, rows, columns, line, pixel, rest);
      } else {
        for (let c: usize = 0; c < whole; c += 16) toAll<v128>(dy + c, window + c, rows, columns, line, pixel, 4);
        if (rest) toAll<f32>(dy + whole, window + whole, rows, columns, line, pixel, rest);
      }
      dy += pixel;
    }
  }
}

/** Four channels of a window. x lies `toX` from dx. */
function toLargest<V>(
  dy: usize,
  window: usize,
  toX: usize,
  rows: i32,
  columns: i32,
  line: usize,
  pixel: usize,
  lanes: i32,
): void {
  let largest = f32x4.splat(-Infinity), where = i32x4.splat(-1), place = 0, target = window;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const values = loadLanes<V>(target + toX + <usize>column * pixel, lanes);
      const larger = f32x4.gt(values, largest);
      largest = v128.bitselect(values, largest, larger);
      where = v128.bitselect(i32x4.splat(place++), where, larger);
    }
    target += line;
  }
  const gradient = loadLanes<V>(dy, lanes);
  place = 0;
  target = window;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const own = v128.and(gradient, i32x4.eq(where, i32x4.splat(place++)));
      addTo<V>(target + <usize>column * pixel, own, lanes);
    }
    target += line;
  }
}

function toAll<V>(dy: usize, target: usize, rows: i32, columns: i32, line: usize, pixel: usize, lanes: i32): void {
  const share = f32x4.div(loadLanes<V>(dy, lanes), f32x4.splat(<f32>(rows * columns)));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) addTo<V>(target + <usize>column * pixel, share, lanes);
    target += line;
  }
}

// @ts-ignore: decorator
@inline
function addTo<V>(target: usize, values: v128, lanes: i32): void {
  storeLanes<V>(target, f32x4.add(loadLanes<V>(target, lanes), values), lanes);
}
