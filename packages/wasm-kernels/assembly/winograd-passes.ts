// The one-dimensional transforms of Winograd's F(4, 3): four results of a filter of three taps from six inputs with six
// multiplications in place of twelve. In two dimensions each is done along rows and then along columns.
//
//   y = Aᵀ [(G g) ⊙ (Bᵀ x)]    and, transposed,    dg = Gᵀ [(A dy) ⊙ (Bᵀ x)]
//
// The matrices belong to the points 0, ±√½, ±√2, ∞, where a polynomial is evaluated: with the usual 0, ±1, ±2, ∞ the
// rounding error is twice as large. Each pass takes `bytes` of channels, a vector at a time; `step` lies between the
// operands that come without an address of their own.
import { multiplyAdd } from './tile';

export const small: f32 = 0.70710678118654752;
export const large: f32 = 1.4142135623730951;

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

/** `factor · a + b`. */
// @inline
export function add(factor: f32, a: v128, b: v128): v128 {
  return multiplyAdd(f32x4.splat(factor), a, b);
}

/** `Bᵀ x`. */
export function inputPass(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  x4: usize,
  x5: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let target = to + v;
    const b = v128.load(x1 + v);
    const c = v128.load(x2 + v);
    const d = v128.load(x3 + v);
    const e = v128.load(x4 + v);
    v128.store(target, plus(add(-2.5, c, e), v128.load(x0 + v)));
    const last = plus(add(-2.5, d, b), v128.load(x5 + v));
    let even = add(-2, c, e);
    let odd = times(small, add(-2, b, d));
    target += toStep;
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    even = add(-0.5, c, e);
    odd = times(large, add(-0.5, b, d));
    target += toStep;
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    target += toStep;
    v128.store(target, last);
  }
}

/** `Aᵀ m`, plus a bias if its address is not 0. */
export function outputPass(
  from: usize,
  step: usize,
  bytes: usize,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  bias: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let source = from + v;
    let first = v128.load(source);
    source += step;
    let p = v128.load(source);
    let q = v128.load(source + step);
    const even = plus(p, q);
    const odd = times(small, minus(p, q));
    source += 2 * step;
    p = v128.load(source);
    q = v128.load(source + step);
    const even2 = plus(p, q);
    const odd2 = times(large, minus(p, q));
    let last = v128.load(source + 2 * step);
    let third = add(0.5, even, times(2, even2));
    let second = plus(odd, odd2);
    first = plus(first, plus(even, even2));
    last = plus(last, add(0.5, odd, times(2, odd2)));
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
}

/** `G g`. */
export function filterPass(from: usize, step: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const a = v128.load(from + v);
    const b = v128.load(from + v + step);
    const c = v128.load(from + v + 2 * step);
    let target = to + v;
    v128.store(target, a);
    let even = times(-2.0 / 3.0, add(0.5, c, a));
    let odd = times(small * (-2.0 / 3.0), b);
    target += toStep;
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    even = times(1.0 / 6.0, add(2, c, a));
    odd = times(large / 6.0, b);
    target += toStep;
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    target += toStep;
    v128.store(target, c);
  }
}

/** `A dy`. */
export function gradientPass(
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let target = to + v;
    const a = v128.load(y0 + v);
    const b = v128.load(y1 + v);
    const c = v128.load(y2 + v);
    const d = v128.load(y3 + v);
    v128.store(target, a);
    let even = add(0.5, c, a);
    let odd = times(small, add(0.5, d, b));
    target += toStep;
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    even = add(2, c, a);
    odd = times(large, add(2, d, b));
    target += toStep;
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    target += toStep;
    v128.store(target, d);
  }
}

/** `Gᵀ u`. */
export function filterGradientPass(from: usize, step: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let source = from + v;
    const first = v128.load(source);
    source += step;
    let p = v128.load(source);
    let q = v128.load(source + step);
    const even = times(-2.0 / 3.0, plus(p, q));
    const odd = times(small * (-2.0 / 3.0), minus(p, q));
    source += 2 * step;
    p = v128.load(source);
    q = v128.load(source + step);
    const even2 = times(1.0 / 6.0, plus(p, q));
    const odd2 = times(large / 6.0, minus(p, q));
    const last = v128.load(source + 2 * step);
    const target = to + v;
    v128.store(target, plus(first, plus(even, even2)));
    v128.store(target + toStep, plus(odd, odd2));
    v128.store(target + 2 * toStep, plus(last, add(0.5, even, times(2, even2))));
  }
}
