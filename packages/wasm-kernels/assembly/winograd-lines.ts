// The one-dimensional transforms of each scheme. A table holds the addresses of operands that are not at regular steps.
import { stridedInputScheme, stridedScheme, twoPixelScheme } from '../src/convolution-task-ids';
import { filterGradientPass, filterPass, gradientPass, inputPass, outputPass } from './winograd-passes';
import {
  copyPass,
  stridedFilterGradientPass,
  stridedFilterPass,
  stridedGradientPass,
  stridedInputPass,
  stridedOutputPass,
} from './winograd-strided-passes';
import {
  twoPixelFilterGradientPass,
  twoPixelFilterPass,
  twoPixelOutputPass,
  twoPixelPass,
} from './winograd-two-pixel-passes';

/** Returns the products along a line. */
// @inline
export function pointsOf(scheme: i32): i32 {
  if (scheme == twoPixelScheme) return 3;
  return scheme == stridedScheme || scheme == stridedInputScheme ? 9 : 6;
}

/** Returns the inputs of a tile along a line. */
// @inline
export function windowOf(scheme: i32): i32 {
  if (scheme == twoPixelScheme) return 2;
  return scheme == stridedInputScheme ? 5 : pointsOf(scheme);
}

/** Returns the inputs from one tile to the next along a line. */
// @inline
export function inputStepOf(scheme: i32): i32 {
  return scheme == stridedScheme ? 8 : 4;
}

/** Returns the results of a tile along a line. */
// @inline
export function resultsOf(scheme: i32): i32 {
  if (scheme == twoPixelScheme) return 2;
  return scheme == stridedInputScheme ? 8 : 4;
}

/** Returns the numbers of a transformed filter along a line. */
// @inline
export function filterPointsOf(scheme: i32): i32 {
  return scheme == twoPixelScheme ? 3 : 6;
}

/** Returns the plane of the filter for a plane of products. With a stride, the products 5 to 8 of a line share a number. */
// @inline
export function filterPlaneOf(plane: i32, points: i32): i32 {
  return points == 9 ? min(plane / 9, 5) * 6 + min(plane % 9, 5) : plane;
}

// @inline
function entry(table: usize, index: usize): usize {
  return load<usize>(table + 4 * index);
}

/** Computes `Bᵀ x` of the inputs in the table. */
export function inputLine(scheme: i32, table: usize, bytes: usize, to: usize, step: usize): void {
  const a = entry(table, 0);
  const b = entry(table, 1);
  if (scheme == twoPixelScheme) {
    twoPixelPass(b, a, bytes, to, step);
    return;
  }
  const c = entry(table, 2);
  const d = entry(table, 3);
  const e = entry(table, 4);
  if (scheme == stridedScheme) {
    const f = entry(table, 5);
    const g = entry(table, 6);
    const h = entry(table, 7);
    stridedInputPass(a, c, e, g, entry(table, 8), bytes, to, step);
    copyPass(b, d, f, h, bytes, to + 5 * step, step);
  } else if (scheme == stridedInputScheme) {
    stridedInputPass(a, b, c, d, e, bytes, to, step);
    copyPass(b, c, d, e, bytes, to + 5 * step, step);
  } else {
    inputPass(a, b, c, d, e, entry(table, 5), bytes, to, step);
  }
}

/** Computes `Aᵀ m`, plus a bias unless its address is 0, and stores it at the addresses in the table. */
export function outputLine(
  scheme: i32,
  from: usize,
  step: usize,
  bytes: usize,
  table: usize,
  bias: usize,
): void {
  const a = entry(table, 0);
  const b = entry(table, 1);
  if (scheme == twoPixelScheme) {
    twoPixelOutputPass(from, step, bytes, a, b, bias);
    return;
  }
  const c = entry(table, 2);
  const d = entry(table, 3);
  if (scheme == stridedScheme) {
    stridedOutputPass(from, step, bytes, a, b, c, d, true, bias);
  } else if (scheme == stridedInputScheme) {
    stridedOutputPass(from, step, bytes, a, c, entry(table, 4), entry(table, 6), false, 0);
    for (let i: usize = 0; i < 4; i++) {
      const source = from + (5 + i) * step;
      const target = entry(table, 2 * i + 1);
      for (let v: usize = 0; v < bytes; v += 16) v128.store(target + v, v128.load(source + v));
    }
  } else {
    outputPass(from, step, bytes, a, b, c, d, bias);
  }
}

/** Computes `A dy` of the gradients in the table. */
export function gradientLine(scheme: i32, table: usize, bytes: usize, to: usize, step: usize): void {
  const a = entry(table, 0);
  const b = entry(table, 1);
  if (scheme == twoPixelScheme) {
    twoPixelPass(a, b, bytes, to, step);
    return;
  }
  const c = entry(table, 2);
  const d = entry(table, 3);
  if (scheme == stridedScheme) stridedGradientPass(a, b, c, d, bytes, to, step);
  else gradientPass(a, b, c, d, bytes, to, step);
}

/** Computes `G g`: six numbers from three taps, or three. A strided scheme uses the last number for four products. */
export function filterLine(
  scheme: i32,
  from: usize,
  step: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  if (scheme == twoPixelScheme) twoPixelFilterPass(from, step, bytes, to, toStep);
  else if (pointsOf(scheme) == 9) stridedFilterPass(from, step, bytes, to, toStep);
  else filterPass(from, step, bytes, to, toStep);
}

/** Computes `Gᵀ u`: three taps from six or three sums of products. */
export function filterGradientLine(
  scheme: i32,
  from: usize,
  step: usize,
  bytes: usize,
  to: usize,
  toStep: usize,
): void {
  if (scheme == twoPixelScheme) twoPixelFilterGradientPass(from, step, bytes, to, toStep);
  else if (scheme == stridedScheme) stridedFilterGradientPass(from, step, bytes, to, toStep);
  else filterGradientPass(from, step, bytes, to, toStep);
}
