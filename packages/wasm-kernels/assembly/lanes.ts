// Loads and stores of vectors, whole or of the 1 to 3 values that are left at the end of a row.

// @inline
export function at(index: i32): usize {
  return (<usize>index) << 2;
}

// @inline
export function doubleAt(index: i32): usize {
  return (<usize>index) << 3;
}

/**
 * Four values where `V` is `v128`, or where it is `f32` the first `lanes`, the rest 0; nothing behind them is read. (A type
 * decides, since AssemblyScript does not take constant arguments for such.)
 */
// @inline
export function loadLanes<V>(from: usize, lanes: i32): v128 {
  if (isVector<V>()) return v128.load(from);
  return loadSome(from, lanes);
}

/** The first 1 to 3 of four values, the rest 0. */
export function loadSome(from: usize, lanes: i32): v128 {
  if (lanes == 1) return v128.load_zero<u32>(from);
  const two = v128.load_zero<u64>(from);
  return lanes == 2 ? two : v128.load_lane<u32>(from, two, 2, 8);
}

/** Writes four values, or the first `lanes`. */
// @inline
export function storeLanes<V>(to: usize, values: v128, lanes: i32): void {
  if (isVector<V>()) v128.store(to, values);
  else storeSome(to, values, lanes);
}

/** Writes the first 1 to 3 of four values. */
export function storeSome(to: usize, values: v128, lanes: i32): void {
  if (lanes == 1) {
    v128.store_lane<u32>(to, values, 0);
  } else {
    v128.store_lane<u64>(to, values, 0);
    if (lanes == 3) v128.store_lane<u32>(to, values, 2, 8);
  }
}

/** Transposes 4 × 4 values: rows are `sourceStep` bytes apart in the source, and columns `targetStep` in the target. */
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

/** The first two of four values in float64. */
// @inline
export function lowDoubles(values: v128): v128 {
  return f64x2.promote_low_f32x4(values);
}

/** The last two of four values in float64. */
// @inline
export function highDoubles(values: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 0));
}

/** Two and two float64 as four float32. */
// @inline
export function singles(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** The sum of two float64. */
// @inline
export function doubleSum(values: v128): f64 {
  return f64x2.extract_lane(values, 0) + f64x2.extract_lane(values, 1);
}
