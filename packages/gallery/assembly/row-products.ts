// Products of a probe with rows of int8, with SIMD. AssemblyScript; build-products.mjs compiles it.

/**
 * Writes `products[i] = Σ rows[i][k] · probe[k]`, with sums modulo 2³². The caller chooses the probe so that the whole sums fit into int32.
 *
 * @param rows int8, `[count, stride]`, stride a multiple of 16
 * @param probe int16, `[stride]`
 * @param products int32, `[count]`
 */
export function multiplyRows(rows: usize, stride: usize, count: i32, probe: usize, products: usize): void {
  let row = 0;
  // Four rows share the probe's values.
  for (; row + 4 <= count; row += 4) {
    const first = rows + <usize>row * stride;
    const second = first + stride;
    const third = second + stride;
    const fourth = third + stride;
    let a = i32x4.splat(0);
    let b = i32x4.splat(0);
    let c = i32x4.splat(0);
    let d = i32x4.splat(0);
    for (let k: usize = 0; k < stride; k += 16) {
      const low = v128.load(probe + 2 * k);
      const high = v128.load(probe + 2 * k, 16);
      const ofFirst = v128.load(first + k);
      const ofSecond = v128.load(second + k);
      const ofThird = v128.load(third + k);
      const ofFourth = v128.load(fourth + k);
      a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(ofFirst), low));
      b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(ofSecond), low));
      c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(ofThird), low));
      d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(ofFourth), low));
      a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(ofFirst), high));
      b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(ofSecond), high));
      c = i32x4.add(c, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(ofThird), high));
      d = i32x4.add(d, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(ofFourth), high));
    }
    storeSums(products + 4 * <usize>row, a, b, c, d);
  }
  for (; row < count; row++) {
    const from = rows + <usize>row * stride;
    let sums = i32x4.splat(0);
    for (let k: usize = 0; k < stride; k += 16) {
      const values = v128.load(from + k);
      sums = i32x4.add(sums, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(values), v128.load(probe + 2 * k)));
      sums = i32x4.add(
        sums,
        i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(values), v128.load(probe + 2 * k, 16)),
      );
    }
    store<i32>(products + 4 * <usize>row, laneSum(sums));
  }
}

/** Writes the sums of the lanes of four vectors. */
function storeSums(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  store<i32>(to, laneSum(a));
  store<i32>(to, laneSum(b), 4);
  store<i32>(to, laneSum(c), 8);
  store<i32>(to, laneSum(d), 12);
}

function laneSum(sums: v128): i32 {
  return (
    i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)
  );
}
