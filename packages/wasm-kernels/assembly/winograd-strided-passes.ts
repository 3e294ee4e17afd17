// The one-dimensional transforms for three taps with stride 2: four results from nine inputs, with nine multiplications
// in place of twelve. The first and the last tap meet the even inputs, by F(4, 2) with the points ±√½, ±√2, ∞, which
// takes five multiplications. The middle tap meets the odd inputs directly, which takes four. winograd-passes.ts
// explains the matrices and the conventions.
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

/** Computes `Bᵀ x` of the five inputs that meet two taps. */
export function stridedInputPass(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  x4: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const a = v128.load(x0 + v);
    const b = v128.load(x1 + v);
    const c = v128.load(x2 + v);
    const d = v128.load(x3 + v);
    const target = storeProducts(to + v, toStep, a, b, c, d);
    v128.store(target, plus(axpy(-2.5, c, a), v128.load(x4 + v)));
  }
}

/** Copies the four inputs that meet one tap. */
export function copyPass(
  x0: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let target = to + v;
    v128.store(target, v128.load(x0 + v));
    target += toStep;
    v128.store(target, v128.load(x1 + v));
    target += toStep;
    v128.store(target, v128.load(x2 + v));
    target += toStep;
    v128.store(target, v128.load(x3 + v));
  }
}

/** Computes `Aᵀ m`, plus a bias unless its address is 0: of nine sums if `hasOdd`, else of the five at the points alone. */
export function stridedOutputPass(
  from: usize,
  step: usize,
  bytes: usize,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  hasOdd: bool,
  bias: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    storeResults(false, f32x4.splat(0), hasOdd, from + v, step, y0, y1, y2, y3, bias, v);
  }
}

/** Computes `G g`: five multipliers of the even inputs, and the one of the odd inputs. */
export function stridedFilterPass(from: usize, step: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const a = v128.load(from + v);
    const b = v128.load(from + v + step);
    const c = v128.load(from + v + 2 * step);
    let target = to + v;
    target = storePair(target, toStep, times(-1.0 / 3.0, c), times(-1.0 / (3.0 * rootHalf), a));
    target = storePair(target, toStep, times(1.0 / 3.0, c), times(1.0 / (3.0 * rootTwo), a));
    v128.store(target, c);
    target += toStep;
    v128.store(target, b);
  }
}

/** Computes `A dy`: five numbers for the even inputs, and copies of `dy` for the odd ones. */
export function stridedGradientPass(
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
    const target = storeValues(to + v, toStep, a, b, c, d);
    v128.store(target, d);
  }
  copyPass(y0, y1, y2, y3, bytes, to + 5 * toStep, toStep);
}

/** Computes `Gᵀ u` of five sums for the even inputs, and one for the odd inputs. */
export function stridedFilterGradientPass(
  from: usize,
  step: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let source = from + v;
    let p = v128.load(source);
    let q = v128.load(source + step);
    const even = minus(p, q);
    const odd = plus(p, q);
    source += 2 * step;
    p = v128.load(source);
    q = v128.load(source + step);
    const even2 = minus(p, q);
    const odd2 = plus(p, q);
    source += 2 * step;
    const last = v128.load(source);
    const middle = v128.load(source + step);
    const target = to + v;
    v128.store(target, axpy(1.0 / (3.0 * rootTwo), even2, times(-1.0 / (3.0 * rootHalf), even)));
    v128.store(target + toStep, middle);
    v128.store(target + 2 * toStep, plus(times(1.0 / 3.0, minus(odd2, odd)), last));
  }
}
