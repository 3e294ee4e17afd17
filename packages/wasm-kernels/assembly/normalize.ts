// Normalises rows to unit length, and computes the gradient. Sums in float64 neither overflow nor underflow for float32.
import { at, doubleSum, highDoubles, lowDoubles, singles } from './lanes';
import { address, float, integer } from './parameters';

/** Computes `x / max(‖x‖, ε)` and `1 / max(‖x‖, ε)`. Words: rows, size, rows of a chunk, x, y, inverse norm. Float: ε. */
export function l2NormalizeChunk(p: usize, chunk: i32): void {
  const size = integer(p, 1);
  const epsilon = <f64>float(p, 0);
  const first = chunk * integer(p, 2);
  const end = min(integer(p, 0), first + integer(p, 2));
  for (let row = first; row < end; row++) {
    const x = address(p, 3) + at(row * size);
    const y = address(p, 4) + at(row * size);
    const norm = Math.sqrt(dot(x, x, size));
    // Unlike a maximum, this comparison propagates NaN.
    const inverse = 1 / (norm < epsilon ? epsilon : norm);
    store<f32>(address(p, 5) + at(row), <f32>inverse);
    combine(y, x, inverse, x, 0, size);
  }
}

/**
 * Computes `dx = (dy − (dy · y) y) / ‖x‖`, or `dy / ε` if the norm is below ε, because the divisor is then constant. Words:
 * rows, size, rows of a chunk, dy, y, inverse norm, dx. Float: ε.
 */
export function l2NormalizeGradChunk(p: usize, chunk: i32): void {
  const size = integer(p, 1);
  const largest = <f32>(1 / <f64>float(p, 0));
  const first = chunk * integer(p, 2);
  const end = min(integer(p, 0), first + integer(p, 2));
  for (let row = first; row < end; row++) {
    const dy = address(p, 3) + at(row * size);
    const y = address(p, 4) + at(row * size);
    const inverse = load<f32>(address(p, 5) + at(row));
    const along = inverse < largest ? dot(dy, y, size) : 0;
    combine(address(p, 6) + at(row * size), dy, <f64>inverse, y, -along * <f64>inverse, size);
  }
}

function dot(a: usize, b: usize, size: i32): f64 {
  const rest = size & 3;
  const end = a + at(size - rest);
  const toB = b - a;
  let low = f64x2.splat(0);
  let high = low;
  for (; a < end; a += 16) {
    const left = v128.load(a);
    const right = v128.load(a + toB);
    low = f64x2.add(low, f64x2.mul(lowDoubles(left), lowDoubles(right)));
    high = f64x2.add(high, f64x2.mul(highDoubles(left), highDoubles(right)));
  }
  let sum = doubleSum(f64x2.add(low, high));
  for (const stop = end + at(rest); a < stop; a += 4) sum += <f64>load<f32>(a) * <f64>load<f32>(a + toB);
  return sum;
}

/** Stores `a · x + b · y` of a row. */
function combine(target: usize, x: usize, a: f64, y: usize, b: f64, size: i32): void {
  const rest = size & 3;
  const end = x + at(size - rest);
  const toY = y - x;
  const toTarget = target - x;
  const left = f64x2.splat(a);
  const right = f64x2.splat(b);
  for (; x < end; x += 16) {
    const xs = v128.load(x);
    const ys = v128.load(x + toY);
    const low = f64x2.add(f64x2.mul(left, lowDoubles(xs)), f64x2.mul(right, lowDoubles(ys)));
    const high = f64x2.add(f64x2.mul(left, highDoubles(xs)), f64x2.mul(right, highDoubles(ys)));
    v128.store(x + toTarget, singles(low, high));
  }
  for (const stop = end + at(rest); x < stop; x += 4) {
    store<f32>(x + toTarget, <f32>(a * <f64>load<f32>(x) + b * <f64>load<f32>(x + toY)));
  }
}
