// Sums over segments, the gradient of a gather.
import { at, highDoubles, loadLanes, lowDoubles, singles, storeLanes } from './lanes';
import { address, integer } from './parameters';

/**
 * Sums the rows of each segment in float64. Words: x, out, row size, segments, segments of a chunk, starts, order.
 * `order` lists the rows by segment, and `starts` `[segments + 1]` has the position in that list at which each segment
 * starts.
 */
export function segmentSumChunk(p: usize, chunk: i32): void {
  const x = address(p, 0);
  const size = integer(p, 2);
  const starts = address(p, 5);
  const order = address(p, 6);
  const first = chunk * integer(p, 4);
  const end = min(integer(p, 3), first + integer(p, 4));
  // Clears the whole chunk, because most segments of a large table are empty.
  memory.fill(address(p, 1) + at(first * size), 0, at((end - first) * size));
  for (let segment = first; segment < end; segment++) {
    const target = address(p, 1) + at(segment * size);
    const begin = load<i32>(starts + at(segment));
    const stop = load<i32>(starts + at(segment + 1));
    if (begin == stop) continue;
    if (stop == begin + 1) {
      memory.copy(target, x + at(load<i32>(order + at(begin)) * size), at(size));
      continue;
    }
    const rest = size & 3;
    const whole = size - rest;
    for (let k = 0; k < whole; k += 4) sumRows<v128>(x + at(k), size, order, begin, stop, target + at(k), 4);
    if (rest) sumRows<f32>(x + at(whole), size, order, begin, stop, target + at(whole), rest);
  }
}

// @inline
function sumRows<V>(
  x: usize,
  size: i32,
  order: usize,
  begin: i32,
  stop: i32,
  target: usize,
  lanes: i32,
): void {
  let low = f64x2.splat(0);
  let high = low;
  for (let place = begin; place < stop; place++) {
    const values = loadLanes<V>(x + at(load<i32>(order + at(place)) * size), lanes);
    low = f64x2.add(low, lowDoubles(values));
    high = f64x2.add(high, highDoubles(values));
  }
  storeLanes<V>(target, singles(low, high), lanes);
}
