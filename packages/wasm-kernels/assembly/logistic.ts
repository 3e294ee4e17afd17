// Functions of logits for binary cross-entropy and softmax, four lanes at a time. They take fewer operations than those
// of mathematics.ts, and return 0 below 1e-30, because products of denormal numbers take a hundred times as long as
// others.
import { multiplyAdd } from './lanes';

/** Returns `e^x` for x ≤ 0 with a relative error of 2e-7: 0 below −69 and for −∞, NaN for NaN. */
// @inline
export function exponentialOfNegative(x: v128): v128 {
  const bounded = f32x4.pmax(x, f32x4.splat(-87));
  // Adding 1.5 · 2²³ rounds to an integer and leaves it, plus 127, in the lowest bits. Shifted, these are a power of two.
  const magic = f32x4.splat(12582912 + 127);
  const shifted = multiplyAdd(bounded, f32x4.splat(1.44269504), magic);
  const power = i32x4.shl(shifted, 23);
  const n = f32x4.sub(shifted, magic);
  // x = n · log 2 + r with |r| ≤ log 2 / 2. Splitting log 2 into two parts makes n · log 2 exact.
  let r = multiplyAdd(n, f32x4.splat(-0.693359375), bounded);
  r = multiplyAdd(n, f32x4.splat(2.1219444e-4), r);
  // The minimax polynomial of (e^r − 1 − r) / r², with an error below 4e-9.
  let p = f32x4.splat(0.0013950489228591323);
  p = multiplyAdd(p, r, f32x4.splat(0.008368889801204205));
  p = multiplyAdd(p, r, f32x4.splat(0.04166620597243309));
  p = multiplyAdd(p, r, f32x4.splat(0.166665181517601));
  p = multiplyAdd(p, r, f32x4.splat(0.5));
  p = multiplyAdd(f32x4.mul(p, r), r, r);
  const result = multiplyAdd(p, power, power);
  return v128.andnot(result, f32x4.lt(x, f32x4.splat(-69)));
}

/** Returns `log(1 + u)` for u in [0, 1] with a relative error of 2e-7. */
// @inline
export function logarithmOfOnePlus(u: v128): v128 {
  // 2 · artanh(t) = t · p(t²) with t = u / (2 + u) ≤ 1/3. The minimax polynomial p has an error below 5e-9.
  const t = f32x4.div(u, f32x4.add(u, f32x4.splat(2)));
  const q = f32x4.mul(t, t);
  let p = f32x4.splat(0.2819153666496277);
  p = multiplyAdd(p, q, f32x4.splat(0.27957668900489807));
  p = multiplyAdd(p, q, f32x4.splat(0.4002511501312256));
  p = multiplyAdd(p, q, f32x4.splat(0.6666631102561951));
  p = multiplyAdd(p, q, f32x4.splat(2));
  return f32x4.mul(p, t);
}
