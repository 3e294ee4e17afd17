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
 * Reads a number of each cache line of the slots of some rows, many lines at a time. A row's update alone waits for its lines one after
 * another. Stores the sum, so that no compiler removes the reads.
 */
export function fetchSlots(p: usize, place: i32, count: i32, target: usize): void {
  const size = integer(p, sizeWord);
  let sum: i32 = 0;
  for (let word = firstSlotWord; word <= secondSlotWord; word++) {
    const slots = address(p, word);
    if (!slots) continue;
    const from = slots + at(bankRow(p, place)) * size;
    const end = from + at(count * size);
    for (let line = from; line < end; line += 64) sum ^= load<i32>(line);
  }
  store<i32>(target, sum);
}

/** Returns up to four values of the gradient. */
// @inline
function slopeOf(source: v128, parameter: v128, inverse: f32, radial: f32, factor: f32): v128 {
  const unit = f32x4.mul(f32x4.splat(inverse), parameter);
  return f32x4.mul(f32x4.splat(factor), f32x4.sub(source, f32x4.mul(f32x4.splat(radial), unit)));
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
  const rate = v128.load32_splat(numbers);
  const momentum = v128.load32_splat(numbers, 4);
  const decay = v128.load32_splat(numbers, 8);
  let squares = f32x4.splat(0);
  for (let o: usize = 0; o < end; o += 16) {
    const parameter = v128.load(row + o);
    const slope = slopeOf(v128.load(source + o), parameter, inverse, radial, factor);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    const velocity = v128.load(velocities + o);
    sgdValues<v128>(
      rate,
      momentum,
      decay,
      isNesterov,
      slope,
      parameter,
      velocity,
      row + o,
      velocities + o,
      4,
    );
  }
  if (rest) {
    const parameter = loadLanes<f32>(row + end, rest);
    const slope = slopeOf(loadLanes<f32>(source + end, rest), parameter, inverse, radial, factor);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    const velocity = loadLanes<f32>(velocities + end, rest);
    sgdValues<f32>(
      rate,
      momentum,
      decay,
      isNesterov,
      slope,
      parameter,
      velocity,
      row + end,
      velocities + end,
      rest,
    );
  }
  return <f64>laneSum(squares);
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
    const parameter = v128.load(row + o);
    const slope = slopeOf(v128.load(source + o), parameter, inverse, radial, factor);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    const first = firsts + o;
    const second = seconds + o;
    adamWValues<v128>(numbers, slope, parameter, first, second, row + o, first, second, 4);
  }
  if (rest) {
    const parameter = loadLanes<f32>(row + end, rest);
    const slope = slopeOf(loadLanes<f32>(source + end, rest), parameter, inverse, radial, factor);
    squares = f32x4.add(squares, f32x4.mul(slope, slope));
    const first = firsts + end;
    const second = seconds + end;
    adamWValues<f32>(numbers, slope, parameter, first, second, row + end, first, second, rest);
  }
  return <f64>laneSum(squares);
}
