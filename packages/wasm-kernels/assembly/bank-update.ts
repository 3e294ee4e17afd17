// The update of a row of the bank with its gradient, which is never stored.
import {
  adamWUpdate,
  firstSlotWord,
  nesterovUpdate,
  secondSlotWord,
  sizeWord,
  updateFactorPlace,
  updateNumbersWord,
  updateWord,
} from '../src/bank-loss-words';
import { bankRow, bankRowAddress } from './bank-block';
import { loadIntoCache } from './cache';
import { at, loadLanes } from './lanes';
import { laneSum } from './mathematics';
import { adamWValues, sgdValues } from './optimizers';
import { address, integer } from './parameters';

/**
 * Updates the row of a class and its slots with the gradient `scale · (source − radial · û)`, where `û = inverse · row`. May overwrite
 * `source`. Returns the sum of squares of the gradient.
 */
export function updateRow(p: usize, place: i32, source: usize, inverse: f32, radial: f32, scale: f32): f64 {
  const size = integer(p, sizeWord);
  const rest = size & 3;
  const end = at(size - rest);
  const row = bankRowAddress(p, place);
  const first = address(p, firstSlotWord) ? address(p, firstSlotWord) + at(bankRow(p, place)) * size : source;
  const numbers = address(p, updateNumbersWord);
  const factor = scale * load<f32>(numbers + at(updateFactorPlace));
  if (integer(p, updateWord) == adamWUpdate) {
    const second = address(p, secondSlotWord) + at(bankRow(p, place)) * size;
    return updateAdamW(numbers, source, row, first, second, inverse, radial, factor, end, rest);
  }
  // Without momentum the velocity, which is the gradient with its decay, overwrites the gradient.
  const isNesterov = integer(p, updateWord) == nesterovUpdate;
  return updateSgd(numbers, isNesterov, source, row, first, inverse, radial, factor, end, rest);
}

/**
 * Moves the slots of some rows into the cache, many lines at a time. A row's update alone waits for its lines one after another.
 *
 * @param spare 4 bytes that are overwritten
 */
export function fetchSlots(p: usize, place: i32, count: i32, spare: usize): void {
  const size = integer(p, sizeWord);
  for (let word = firstSlotWord; word <= secondSlotWord; word++) {
    const slots = address(p, word);
    if (slots) loadIntoCache(slots + at(bankRow(p, place)) * size, at(count * size), spare);
  }
}

/** Returns up to four values of the gradient. */
// @inline
function slopeOf<V>(source: usize, row: usize, inverse: f32, radial: f32, factor: f32, lanes: i32): v128 {
  const unit = f32x4.mul(f32x4.splat(inverse), loadLanes<V>(row, lanes));
  const along = f32x4.mul(f32x4.splat(radial), unit);
  return f32x4.mul(f32x4.splat(factor), f32x4.sub(loadLanes<V>(source, lanes), along));
}

function updateSgd(
  numbers: usize,
  isNesterov: bool,
  source: usize,
  row: usize,
  velocities: usize,
  inverse: f32,
  radial: f32,
  factor: f32,
  end: usize,
  rest: i32,
): f64 {
  let squares = f32x4.splat(0);
  for (let o: usize = 0; o < end; o += 16) {
    const slope = slopeOf<v128>(source + o, row + o, inverse, radial, factor, 4);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    stepSgd<v128>(numbers, isNesterov, slope, row + o, velocities + o, 4);
  }
  if (rest) {
    const slope = slopeOf<f32>(source + end, row + end, inverse, radial, factor, rest);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    stepSgd<f32>(numbers, isNesterov, slope, row + end, velocities + end, rest);
  }
  return <f64>laneSum(squares);
}

// @inline
function stepSgd<V>(
  numbers: usize,
  isNesterov: bool,
  slope: v128,
  row: usize,
  velocity: usize,
  lanes: i32,
): void {
  sgdValues<V>(
    v128.load32_splat(numbers),
    v128.load32_splat(numbers, 4),
    v128.load32_splat(numbers, 8),
    isNesterov,
    slope,
    loadLanes<V>(row, lanes),
    loadLanes<V>(velocity, lanes),
    row,
    velocity,
    lanes,
  );
}

function updateAdamW(
  numbers: usize,
  source: usize,
  row: usize,
  firsts: usize,
  seconds: usize,
  inverse: f32,
  radial: f32,
  factor: f32,
  end: usize,
  rest: i32,
): f64 {
  let squares = f32x4.splat(0);
  for (let o: usize = 0; o < end; o += 16) {
    const slope = slopeOf<v128>(source + o, row + o, inverse, radial, factor, 4);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    stepAdamW<v128>(numbers, slope, row + o, firsts + o, seconds + o, 4);
  }
  if (rest) {
    const slope = slopeOf<f32>(source + end, row + end, inverse, radial, factor, rest);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    stepAdamW<f32>(numbers, slope, row + end, firsts + end, seconds + end, rest);
  }
  return <f64>laneSum(squares);
}

// @inline
function stepAdamW<V>(
  numbers: usize,
  slope: v128,
  row: usize,
  first: usize,
  second: usize,
  lanes: i32,
): void {
  adamWValues<V>(numbers, slope, loadLanes<V>(row, lanes), first, second, row, first, second, lanes);
}
