// The one-dimensional transforms for three taps with stride 2, four results from nine inputs with nine multiplications in
// place of twelve: the first and the last tap meet the even inputs, by F(4, 2) with the points ±√½, ±√2, ∞ (five
// multiplications); the middle tap meets the odd inputs, as they are (four). Conventions as in winograd-passes.ts, where the
// matrices are explained.
import { add, large, minus, plus, small, times } from './winograd-passes';

/** `Bᵀ x` of the five inputs that meet two taps. */
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
    let target = to + v;
    let even = add(-2, b, d);
    let odd = times(small, add(-2, a, c));
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    even = add(-0.5, b, d);
    odd = times(large, add(-0.5, a, c));
    target += toStep;
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(even, odd));
    target += toStep;
    v128.store(target, plus(add(-2.5, c, a), v128.load(x4 + v)));
  }
}

/** The four inputs that meet one tap. */
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

/** `Aᵀ m` of nine sums, plus a bias if its address is not 0; or of five, to which the other four are not added. */
export function stridedOutputPass(
  from: usize,
  step: usize,
  bytes: usize,
  y0: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  together: bool,
  bias: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    let source = from + v;
    let p = v128.load(source);
    let q = v128.load(source + step);
    const even = plus(p, q);
    const odd = times(small, minus(p, q));
    source += 2 * step;
    p = v128.load(source);
    q = v128.load(source + step);
    const even2 = plus(p, q);
    const odd2 = times(large, minus(p, q));
    source += 2 * step;
    let first = plus(even, even2);
    let second = plus(odd, odd2);
    let third = add(0.5, even, times(2, even2));
    let last = plus(add(0.5, odd, times(2, odd2)), v128.load(source));
    if (together) {
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
}

/** `G g`: five multipliers of the even inputs, and the one of the odd inputs. */
export function stridedFilterPass(from: usize, step: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const a = v128.load(from + v);
    const b = v128.load(from + v + step);
    const c = v128.load(from + v + 2 * step);
    let target = to + v;
    let even = times(-1.0 / (3.0 * small), a);
    let odd = times(-1.0 / 3.0, c);
    v128.store(target, plus(even, odd));
    target += toStep;
    v128.store(target, minus(odd, even));
    even = times(1.0 / (3.0 * large), a);
    odd = times(1.0 / 3.0, c);
    target += toStep;
    v128.store(target, plus(odd, even));
    target += toStep;
    v128.store(target, minus(odd, even));
    target += toStep;
    v128.store(target, c);
    target += toStep;
    v128.store(target, b);
  }
}

/** `A dy`: five numbers for the even inputs, and as they are for the odd ones. */
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
    let target = to + v;
    let even = add(0.5, c, a);
    let odd = times(small, add(0.5, d, b));
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
  copyPass(y0, y1, y2, y3, bytes, to + 5 * toStep, toStep);
}

/** `Gᵀ u` of five sums for the even inputs, and one for the odd inputs. */
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
    v128.store(target, add(1.0 / (3.0 * large), even2, times(-1.0 / (3.0 * small), even)));
    v128.store(target + toStep, middle);
    v128.store(target + 2 * toStep, plus(times(1.0 / 3.0, minus(odd2, odd)), last));
  }
}
