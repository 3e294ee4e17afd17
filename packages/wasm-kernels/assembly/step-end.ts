// What a step of an inference plan does to each pixel of its result: it adds a bias and another map, then applies PReLU. The pixel
// is still in the level 1 cache, because the step has just written it.
import { at, loadSome, multiplyAdd, storeSome } from './lanes';

/** Returns the end of four values. The arguments that start with `has` are constants, for which the compiler makes variants. */
// @inline
function ended(
  hasBias: bool,
  hasResidual: bool,
  hasSlopes: bool,
  sum: v128,
  bias: v128,
  residual: v128,
  slopes: v128,
): v128 {
  let value = sum;
  if (hasBias) value = f32x4.add(value, bias);
  if (hasResidual) value = f32x4.add(value, residual);
  if (hasSlopes) {
    const zero = f32x4.splat(0);
    value = multiplyAdd(slopes, f32x4.min(value, zero), f32x4.max(value, zero));
  }
  return value;
}

// @inline
function endValues(
  hasBias: bool,
  hasResidual: bool,
  hasSlopes: bool,
  target: usize,
  channels: i32,
  bias: usize,
  residual: usize,
  slopes: usize,
): void {
  const zero = f32x4.splat(0);
  const end = at(channels & -4);
  for (let o: usize = 0; o < end; o += 16) {
    const b = hasBias ? v128.load(bias + o) : zero;
    const r = hasResidual ? v128.load(residual + o) : zero;
    const s = hasSlopes ? v128.load(slopes + o) : zero;
    v128.store(target + o, ended(hasBias, hasResidual, hasSlopes, v128.load(target + o), b, r, s));
  }
  const rest = channels & 3;
  if (rest == 0) return;
  const b = hasBias ? loadSome(bias + end, rest) : zero;
  const r = hasResidual ? loadSome(residual + end, rest) : zero;
  const s = hasSlopes ? loadSome(slopes + end, rest) : zero;
  storeSome(
    target + end,
    ended(hasBias, hasResidual, hasSlopes, loadSome(target + end, rest), b, r, s),
    rest,
  );
}

/** Ends one pixel. Addresses are 0 for what it lacks. */
export function endPixel(target: usize, channels: i32, bias: usize, residual: usize, slopes: usize): void {
  if (bias != 0) {
    if (residual != 0) {
      if (slopes != 0) endValues(true, true, true, target, channels, bias, residual, slopes);
      else endValues(true, true, false, target, channels, bias, residual, slopes);
    } else if (slopes != 0) endValues(true, false, true, target, channels, bias, residual, slopes);
    else endValues(true, false, false, target, channels, bias, residual, slopes);
  } else if (residual != 0) {
    if (slopes != 0) endValues(false, true, true, target, channels, bias, residual, slopes);
    else endValues(false, true, false, target, channels, bias, residual, slopes);
  } else if (slopes != 0) endValues(false, false, true, target, channels, bias, residual, slopes);
}

/**
 * Returns the row of a bias with borders for a window whose first pixel is (y, x), as `biasRow` of @openset/core: 1 if a tap lies
 * above the map, 2 below, 4 on the left and 8 on the right, added up.
 */
// @inline
export function biasRow(y: i32, x: i32, tapsY: i32, tapsX: i32, height: i32, width: i32): i32 {
  return (y < 0 ? 1 : 0) + (y + tapsY > height ? 2 : 0) + (x < 0 ? 4 : 0) + (x + tapsX > width ? 8 : 0);
}
