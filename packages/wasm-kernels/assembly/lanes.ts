// Byte offsets, and loads and stores of vectors: of all four values, or of the last 1 to 3 of a row.

/** Returns the byte offset of a 4-byte element. */
// @inline
export function at(index: i32): usize {
  return (<usize>index) << 2;
}

/** Returns the byte offset of an 8-byte element. */
// @inline
export function doubleAt(index: i32): usize {
  return (<usize>index) << 3;
}

/**
 * Loads four values if `V` is `v128`. If `V` is `f32`, loads the first `lanes` values and reads nothing behind them; the
 * other lanes are 0. A type parameter makes the choice, because AssemblyScript resolves it at compile time.
 */
// @inline
export function loadLanes<V>(from: usize, lanes: i32): v128 {
  if (isVector<V>()) return v128.load(from);
  return loadSome(from, lanes);
}

/** Loads the first 1 to 3 of four values; the other lanes are 0. */
export function loadSome(from: usize, lanes: i32): v128 {
  if (lanes == 1) return v128.load_zero<u32>(from);
  const two = v128.load_zero<u64>(from);
  return lanes == 2 ? two : v128.load_lane<u32>(from, two, 2, 8);
}

/** Stores four values if `V` is `v128`, or the first `lanes` if it is `f32`. */
// @inline
export function storeLanes<V>(to: usize, values: v128, lanes: i32): void {
  if (isVector<V>()) v128.store(to, values);
  else storeSome(to, values, lanes);
}

/** Stores the first 1 to 3 of four values. */
export function storeSome(to: usize, values: v128, lanes: i32): void {
  if (lanes == 1) {
    v128.store_lane<u32>(to, values, 0);
  } else {
    v128.store_lane<u64>(to, values, 0);
    if (lanes == 3) v128.store_lane<u32>(to, values, 2, 8);
  }
}

/** Returns `a · b + c` in each lane, fused if relaxed SIMD is enabled. */
// @inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}

/** Transposes 4 × 4 values. Rows are `sourceStep` bytes apart in the source, columns `targetStep` bytes in the target. */
// @inline
export function transpose4x4(source: usize, sourceStep: usize, target: usize, targetStep: usize): void {
  const r0 = v128.load(source);
  const r1 = v128.load(source + sourceStep);
  const r2 = v128.load(source + 2 * sourceStep);
  const r3 = v128.load(source + 3 * sourceStep);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(target + targetStep, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(target + 2 * targetStep, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(target + 3 * targetStep, v128.shuffle<i64>(high01, high23, 1, 3));
}

/** Returns the first two of four values as float64. */
// @inline
export function lowDoubles(values: v128): v128 {
  return f64x2.promote_low_f32x4(values);
}

/** Returns the last two of four values as float64. */
// @inline
export function highDoubles(values: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 0));
}

/** Returns two pairs of float64 as four float32. */
// @inline
export function singles(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** Returns the sum of two float64. */
// @inline
export function doubleSum(values: v128): f64 {
  return f64x2.extract_lane(values, 0) + f64x2.extract_lane(values, 1);
}
