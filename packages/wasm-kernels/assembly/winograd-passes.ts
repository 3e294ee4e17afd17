// The one-dimensional transforms of Winograd's F(4, 3): four results of a filter of three taps from six inputs, with six
// multiplications in place of twelve. In two dimensions each transform runs along rows and then along columns.
//
//   y = Aᵀ [(G g) ⊙ (Bᵀ x)]    and, transposed,    dg = Gᵀ [(A dy) ⊙ (Bᵀ x)]
//
// The matrices evaluate polynomials at the points 0, ±√½, ±√2, ∞. The usual points 0, ±1, ±2, ∞ have twice the rounding
// error. Each pass processes `bytes` of channels, one vector at a time. Operands without an address of their own lie `step`
// bytes apart.
import {
  axpy,
  minus,
  plus,
  rootHalf,
  rootTwo,
  storePair,
  storeProducts,
  storeResults,
  storeValues,
  times,
} from './winograd-points';

/** Computes `Bᵀ x`. */
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
    v128.store(target, plus(axpy(-2.5, c, e), v128.load(x0 + v)));
    const last = plus(axpy(-2.5, d, b), v128.load(x5 + v));
    target = storeProducts(target + toStep, toStep, b, c, d, e);
    v128.store(target, last);
  }
}

/** Computes `Aᵀ m`, plus a bias unless its address is 0. */
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
    const source = from + v;
    storeResults(true, v128.load(source), false, source + step, step, y0, y1, y2, y3, bias, v);
  }
}

/** Computes `G g`. */
export function filterPass(from: usize, step: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const a = v128.load(from + v);
    const b = v128.load(from + v + step);
    const c = v128.load(from + v + 2 * step);
    let target = to + v;
    v128.store(target, a);
    target += toStep;
    const even = times(-2.0 / 3.0, axpy(0.5, c, a));
    target = storePair(target, toStep, even, times(rootHalf * (-2.0 / 3.0), b));
    target = storePair(target, toStep, times(1.0 / 6.0, axpy(2, c, a)), times(rootTwo / 6.0, b));
    v128.store(target, c);
  }
}

/** Computes `A dy`. */
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
    const a = v128.load(y0 + v);
    const b = v128.load(y1 + v);
    const c = v128.load(y2 + v);
    const d = v128.load(y3 + v);
    let target = to + v;
    v128.store(target, a);
    target = storeValues(target + toStep, toStep, a, b, c, d);
    v128.store(target, d);
  }
}

/** Computes `Gᵀ u`. */
export function filterGradientPass(from: usize, step: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let source = from + v;
    const first = v128.load(source);
    source += step;
    let p = v128.load(source);
    let q = v128.load(source + step);
    const even = times(-2.0 / 3.0, plus(p, q));
    const odd = times(rootHalf * (-2.0 / 3.0), minus(p, q));
    source += 2 * step;
    p = v128.load(source);
    q = v128.load(source + step);
    const even2 = times(1.0 / 6.0, plus(p, q));
    const odd2 = times(rootTwo / 6.0, minus(p, q));
    const last = v128.load(source + 2 * step);
    const target = to + v;
    v128.store(target, plus(first, plus(even, even2)));
    v128.store(target + toStep, plus(odd, odd2));
    v128.store(target + 2 * toStep, plus(last, axpy(0.5, even, times(2, even2))));
  }
}
