// The one-dimensional transforms for three taps on a line of two pixels between zeros: two results from two inputs, with three
// multiplications in place of four. winograd-passes.ts explains the conventions.
//
//   y₀ = g₁ (x₀ + x₁) + (g₂ − g₁) x₁    and    y₁ = g₁ (x₀ + x₁) + (g₀ − g₁) x₀
import { minus, plus } from './winograd-points';

/** Stores `a + b`, `a` and `b`: `A dy` of two gradients, or `Bᵀ x` of two inputs in reverse order. */
export function twoPixelPass(a: usize, b: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const target = to + v;
    const first = v128.load(a + v);
    const second = v128.load(b + v);
    v128.store(target, plus(first, second));
    v128.store(target + toStep, first);
    v128.store(target + 2 * toStep, second);
  }
}

/** Computes `Aᵀ m`, plus a bias unless its address is 0. */
export function twoPixelOutputPass(
  from: usize,
  step: usize,
  bytes: usize,
  y0: usize,
  y1: usize,
  bias: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const source = from + v;
    let both = v128.load(source);
    if (bias != 0) both = plus(both, v128.load(bias + v));
    v128.store(y0 + v, plus(both, v128.load(source + step)));
    v128.store(y1 + v, plus(both, v128.load(source + 2 * step)));
  }
}

/** Computes `G g`. */
export function twoPixelFilterPass(from: usize, step: usize, bytes: usize, to: usize, toStep: usize): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const source = from + v;
    const middle = v128.load(source + step);
    const target = to + v;
    v128.store(target, middle);
    v128.store(target + toStep, minus(v128.load(source + 2 * step), middle));
    v128.store(target + 2 * toStep, minus(v128.load(source), middle));
  }
}

/** Computes `Gᵀ u`. */
export function twoPixelFilterGradientPass(
  from: usize,
  step: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  for (let v: usize = 0; v < bytes; v += 16) {
    const source = from + v;
    const last = v128.load(source + step);
    const first = v128.load(source + 2 * step);
    const target = to + v;
    v128.store(target, first);
    v128.store(target + toStep, minus(minus(v128.load(source), last), first));
    v128.store(target + 2 * toStep, last);
  }
}
