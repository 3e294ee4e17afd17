// What the passes of winograd-passes.ts and winograd-strided-passes.ts share. The matrices evaluate polynomials at the
// points ±√½ and ±√2. For a pair ±t they compute an even and an odd part once; the values are their sum and difference.
import { multiplyAdd } from './lanes';

export const rootHalf: f32 = 0.70710678118654752;
export const rootTwo: f32 = 1.4142135623730951;

// @inline
export function plus(a: v128, b: v128): v128 {
  return f32x4.add(a, b);
}

// @inline
export function minus(a: v128, b: v128): v128 {
  return f32x4.sub(a, b);
}

// @inline
export function times(factor: f32, a: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), a);
}

/** Returns `factor · a + b`. */
// @inline
export function axpy(factor: f32, a: v128, b: v128): v128 {
  return multiplyAdd(f32x4.splat(factor), a, b);
}

/** Stores `a + b` and, one step further, `a − b`. Returns the address of the next step. */
// @inline
export function storePair(target: usize, step: usize, a: v128, b: v128): usize {
  v128.store(target, plus(a, b));
  target += step;
  v128.store(target, minus(a, b));
  return target + step;
}

/** Stores `a + b t + c t² + d t³` for t = √½, −√½, √2, −√2. Returns the address of the next step. */
// @inline
export function storeValues(target: usize, step: usize, a: v128, b: v128, c: v128, d: v128): usize {
  const next = storePair(target, step, axpy(0.5, c, a), times(rootHalf, axpy(0.5, d, b)));
  return storePair(next, step, axpy(2, c, a), times(rootTwo, axpy(2, d, b)));
}

/**
 * Stores the products of four inputs with the coefficients of `(x + t)(x² − s²)`, where ±s is the other pair of points, for
 * t = √½, −√½, √2, −√2. Returns the address of the next step.
 */
// @inline
export function storeProducts(target: usize, step: usize, a: v128, b: v128, c: v128, d: v128): usize {
  const next = storePair(target, step, axpy(-2, b, d), times(rootHalf, axpy(-2, a, c)));
  return storePair(next, step, axpy(-0.5, b, d), times(rootTwo, axpy(-0.5, a, c)));
}

/**
 * Computes four results from the sums at the points, in the order √½, −√½, √2, −√2, ∞, which lie `step` bytes apart.
 * Adds the sum at 0, `zero`, to the first result if `hasZero`, four more sums if `hasOdd`, and the bias unless its
 * address is 0. Results and bias lie `v` bytes behind their addresses.
 */
// @inline
export function storeResults(
  hasZero: bool,
  zero: v128,
  hasOdd: bool,
  source: usize,
  step: usize,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  bias: usize,
  v: usize,
): void {
  let p = v128.load(source);
  let q = v128.load(source + step);
  const even = plus(p, q);
  const odd = times(rootHalf, minus(p, q));
  source += 2 * step;
  p = v128.load(source);
  q = v128.load(source + step);
  const even2 = plus(p, q);
  const odd2 = times(rootTwo, minus(p, q));
  source += 2 * step;
  let first = plus(even, even2);
  if (hasZero) first = plus(zero, first);
  let second = plus(odd, odd2);
  let third = axpy(0.5, even, times(2, even2));
  let last = plus(v128.load(source), axpy(0.5, odd, times(2, odd2)));
  if (hasOdd) {
    source += step;
    first = plus(first, v128.load(source));
    source += step;
    second = plus(second, v128.load(source));
    source += step;
    third = plus(third, v128.load(source));
    source += step;
    last = plus(last, v128.load(source));
  }
  if (bias != 0) {
    const constant = v128.load(bias + v);
    first = plus(first, constant);
    second = plus(second, constant);
    third = plus(third, constant);
    last = plus(last, constant);
  }
  v128.store(y0 + v, first);
  v128.store(y1 + v, second);
  v128.store(y2 + v, third);
  v128.store(y3 + v, last);
}
