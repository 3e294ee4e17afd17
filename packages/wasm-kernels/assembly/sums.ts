// Sums of rows in float64, and float32 results from partial sums.
import { at, doubleAt, doubleSum, highDoubles, lowDoubles } from './lanes';
import { address, integer } from './parameters';

/**
 * Sums one segment of some rows. Words: x, sums `[segments][rows]` (float64), rows, row size, rows of a chunk, segments,
 * segment size, out, divisor. A single segment needs no partial sums, so the task writes its results to `out`.
 */
export function rowSumsChunk(p: usize, chunk: i32): void {
  const x = address(p, 0);
  const sums = address(p, 1);
  const rows = integer(p, 2);
  const size = integer(p, 3);
  const rowsOfChunk = integer(p, 4);
  const segments = integer(p, 5);
  const segmentSize = integer(p, 6);
  const segment = chunk % segments;
  const first = (chunk / segments) * rowsOfChunk;
  const begin = segment * segmentSize;
  const count = min(segmentSize, size - begin);
  const end = min(rows, first + rowsOfChunk);
  for (let row = first; row < end; row++) {
    const sum = rowSum(x + at(row * size + begin), count);
    if (segments == 1) store<f32>(address(p, 7) + at(row), <f32>(sum / <f64>integer(p, 8)));
    else store<f64>(sums + doubleAt(segment * rows + row), sum);
  }
}

function rowSum(from: usize, count: i32): f64 {
  const zero = f64x2.splat(0);
  // Four independent sums, whose additions need not wait for each other.
  let a = zero;
  let b = zero;
  let c = zero;
  let d = zero;
  let k = 0;
  for (; k + 8 <= count; k += 8) {
    const left = v128.load(from + at(k));
    const right = v128.load(from + at(k), 16);
    a = f64x2.add(a, lowDoubles(left));
    b = f64x2.add(b, highDoubles(left));
    c = f64x2.add(c, lowDoubles(right));
    d = f64x2.add(d, highDoubles(right));
  }
  let sum = doubleSum(f64x2.add(f64x2.add(a, b), f64x2.add(c, d)));
  for (; k < count; k++) sum += <f64>load<f32>(from + at(k));
  return sum;
}

/**
 * Adds partial sums in order, divides, and rounds. `out[slab, channel]` is the sum over the parts and over the columns
 * `channel`, `channel + channels`, … Words: sums `[parts][slabs][stride]` (float64), parts, slabs, stride, width,
 * channels, out, divisor, results of a chunk.
 */
export function finishSumsChunk(p: usize, chunk: i32): void {
  const sums = address(p, 0);
  const parts = integer(p, 1);
  const slabs = integer(p, 2);
  const stride = integer(p, 3);
  const width = integer(p, 4);
  const channels = integer(p, 5);
  const out = address(p, 6);
  const divisor = <f64>integer(p, 7);
  const first = chunk * integer(p, 8);
  const end = min(slabs * channels, first + integer(p, 8));
  for (let index = first; index < end; index++) {
    const slab = index / channels;
    const channel = index % channels;
    let sum: f64 = 0;
    for (let part = 0; part < parts; part++) {
      const line = sums + doubleAt((part * slabs + slab) * stride);
      for (let column = channel; column < width; column += channels)
        sum += load<f64>(line + doubleAt(column));
    }
    store<f32>(out + at(index), <f32>(sum / divisor));
  }
}
