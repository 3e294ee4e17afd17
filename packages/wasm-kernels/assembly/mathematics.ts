// The exponential of four lanes, as a polynomial. AssemblyScript's own has tables, and the module must not have data.

/** Returns `e^x` with a relative error of 2e-7; 0 below −87. */
// @inline
export function exponential(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(-87.33));
  const n = powerOfTwo(x);
  const mantissa = f32x4.add(remainder(x, n), f32x4.splat(1));
  return v128.andnot(f32x4.mul(mantissa, scale(n)), tiny);
}

/** Returns `e^x − 1` for x ≤ 0 with a relative error of 3e-7, even near 0. */
// @inline
export function exponentialMinusOne(x: v128): v128 {
  const n = powerOfTwo(x);
  const power = scale(n);
  return f32x4.add(f32x4.mul(remainder(x, n), power), f32x4.sub(power, f32x4.splat(1)));
}

// @inline
function clamp(x: v128): v128 {
  return f32x4.max(f32x4.min(x, f32x4.splat(88.37)), f32x4.splat(-87.33));
}

/** Returns the n of x = n · log 2 + r with |r| ≤ log 2 / 2. */
// @inline
function powerOfTwo(x: v128): v128 {
  return f32x4.nearest(f32x4.mul(clamp(x), f32x4.splat(1.44269504)));
}

/** Returns `e^r − 1`. Splitting log 2 into two parts makes n · log 2 exact. */
// @inline
function remainder(x: v128, n: v128): v128 {
  let r = f32x4.sub(clamp(x), f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  // The Taylor series up to the seventh power. Its remainder is below 6e-9 for |r| ≤ 0.35.
  let p = f32x4.splat(1.0 / 5040.0);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 720.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
  return f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r);
}

/** Returns `2^n`. */
// @inline
function scale(n: v128): v128 {
  return i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
}

/** Returns the sum of the four lanes. */
// @inline
export function laneSum(v: v128): f32 {
  const left = f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1);
  return left + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}
