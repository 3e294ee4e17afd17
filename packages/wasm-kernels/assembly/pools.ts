// Gradients of pooling, one image a chunk. Each output distributes its gradient over its window.
import { at, loadLanes, loadSome, storeLanes } from './lanes';
import { address, integer } from './parameters';

/**
 * Adds each output's gradient to the first largest value of its window, or to none if no value is above −∞. Words: dy,
 * dx, x, channels, height, width, output height, output width, window height, window width, vertical stride, horizontal
 * stride, padding above, padding to the left.
 */
export function maxPoolGradChunk(p: usize, image: i32): void {
  distribute(p, image, true);
}

/** Divides each output's gradient evenly among the values of its window, without padding. Words: the same, x unused. */
export function avgPoolGradChunk(p: usize, image: i32): void {
  distribute(p, image, false);
}

function distribute(p: usize, image: i32, toLargest: bool): void {
  const channels = integer(p, 3);
  const height = integer(p, 4);
  const width = integer(p, 5);
  const outHeight = integer(p, 6);
  const outWidth = integer(p, 7);
  const imageBytes = at(height * width * channels);
  const start = <usize>image * imageBytes;
  const toX = address(p, 2) - address(p, 1);
  const dx = address(p, 1) + start;
  const pixel = at(channels);
  const line = at(width * channels);
  let dy = address(p, 0) + <usize>image * at(outHeight * outWidth * channels);
  memory.fill(dx, 0, imageBytes);
  for (let row = 0; row < outHeight; row++) {
    const top = row * integer(p, 10) - integer(p, 12);
    const firstY = max(0, top);
    const rows = min(height, top + integer(p, 8)) - firstY;
    for (let column = 0; column < outWidth; column++) {
      const left = column * integer(p, 11) - integer(p, 13);
      const firstX = max(0, left);
      const columns = min(width, left + integer(p, 9)) - firstX;
      const window = dx + <usize>firstY * line + <usize>firstX * pixel;
      if (toLargest) addToLargest(dy, window, toX, rows, columns, line, channels);
      else addToAll(dy, window, rows, columns, line, channels);
      dy += pixel;
    }
  }
}

/** Processes all channels of one window. `toX` is the distance from dx to x. */
function addToLargest(
  dy: usize,
  window: usize,
  toX: usize,
  rows: i32,
  columns: i32,
  line: usize,
  channels: i32,
): void {
  const rest = channels & 3;
  const whole = at(channels - rest);
  const pixel = at(channels);
  for (let c: usize = 0; c < whole; c += 16) {
    addLanesToLargest<v128>(v128.load(dy + c), window + c, toX, rows, columns, line, pixel, 4);
  }
  if (rest)
    addLanesToLargest<f32>(loadSome(dy + whole, rest), window + whole, toX, rows, columns, line, pixel, rest);
}

// @inline
function addLanesToLargest<V>(
  gradient: v128,
  window: usize,
  toX: usize,
  rows: i32,
  columns: i32,
  line: usize,
  pixel: usize,
  lanes: i32,
): void {
  const one = i32x4.splat(1);
  const width = <usize>columns * pixel;
  let largest = f32x4.splat(-Infinity);
  let where = i32x4.splat(-1);
  let place = i32x4.splat(0);
  for (let row = 0, first = window; row < rows; row++, first += line) {
    for (let target = first, end = first + width; target < end; target += pixel) {
      const values = loadLanes<V>(target + toX, lanes);
      const larger = f32x4.gt(values, largest);
      largest = v128.bitselect(values, largest, larger);
      where = v128.bitselect(place, where, larger);
      place = i32x4.add(place, one);
    }
  }
  place = i32x4.splat(0);
  for (let row = 0, first = window; row < rows; row++, first += line) {
    for (let target = first, end = first + width; target < end; target += pixel) {
      addTo<V>(target, v128.and(gradient, i32x4.eq(where, place)), lanes);
      place = i32x4.add(place, one);
    }
  }
}

function addToAll(dy: usize, window: usize, rows: i32, columns: i32, line: usize, channels: i32): void {
  const rest = channels & 3;
  const whole = at(channels - rest);
  const pixel = at(channels);
  const count = f32x4.splat(<f32>(rows * columns));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const target = window + <usize>row * line + <usize>column * pixel;
      for (let c: usize = 0; c < whole; c += 16)
        addTo<v128>(target + c, f32x4.div(v128.load(dy + c), count), 4);
      if (rest) addTo<f32>(target + whole, f32x4.div(loadSome(dy + whole, rest), count), rest);
    }
  }
}

// @inline
function addTo<V>(target: usize, values: v128, lanes: i32): void {
  storeLanes<V>(target, f32x4.add(loadLanes<V>(target, lanes), values), lanes);
}
