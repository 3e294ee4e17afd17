// Maps over data with channels last, with numbers of each channel: batch norm, and bias with activation.
import {
  eluActivation,
  leakyReluActivation,
  linearActivation,
  preluActivation,
  relu6Activation,
  reluActivation,
  sigmoidActivation,
} from '../src/elementwise-task-ids';
import { at, loadLanes, storeLanes } from './lanes';
import { exponential, exponentialMinusOne } from './mathematics';
import { address, float, integer } from './parameters';

/** `(x − mean) · factor + offset`. Words: count, width, elements of a chunk, x, out, then `[width]` mean, factor, offset. */
export function normalizeColumnsChunk(p: usize, chunk: i32): void {
  const width = integer(p, 1), x = address(p, 3), out = address(p, 4);
  const mean = address(p, 5), factor = address(p, 6), offset = address(p, 7);
  let index = chunk * integer(p, 2);
  const end = min(integer(p, 0), index + integer(p, 2));
  while (index < end) {
    const column = index % width, columns = min(width - column, end - index);
    for (let c = 0; c < columns; c += 4) {
      const lanes = min(4, columns - c), element = at(index + c), channel = at(column + c);
      const centred = f32x4.sub(loadLanes(x + element, lanes), loadLanes(mean + channel, lanes));
      const scaled = f32x4.mul(centred, loadLanes(factor + channel, lanes));
      storeLanes(out + element, f32x4.add(scaled, loadLanes(offset + channel, lanes)), lanes);
    }
    index += columns;
  }
}

/**
 * `dx = a dy + b x̂ + c` with `x̂ = (x − mean) / deviation`. Words: count, width, elements of a chunk, x, dy, dx, then
 * `[width]` mean, 1 / deviation, a, b, c.
 */
export function batchNormGradientChunk(p: usize, chunk: i32): void {
  const width = integer(p, 1), x = address(p, 3), dy = address(p, 4), dx = address(p, 5);
  const mean = address(p, 6), inverse = address(p, 7), a = address(p, 8), b = address(p, 9), c0 = address(p, 10);
  let index = chunk * integer(p, 2);
  const end = min(integer(p, 0), index + integer(p, 2));
  while (index < end) {
    const column = index % width, columns = min(width - column, end - index);
    for (let c = 0; c < columns; c += 4) {
      const lanes = min(4, columns - c), element = at(index + c), channel = at(column + c);
      const centred = f32x4.sub(loadLanes(x + element, lanes), loadLanes(mean + channel, lanes));
      const unit = f32x4.mul(centred, loadLanes(inverse + channel, lanes));
      const direct = f32x4.mul(loadLanes(dy + element, lanes), loadLanes(a + channel, lanes));
      const along = f32x4.add(f32x4.mul(unit, loadLanes(b + channel, lanes)), loadLanes(c0 + channel, lanes));
      storeLanes(dx + element, f32x4.add(direct, along), lanes);
    }
    index += columns;
  }
}

/**
 * `activation(x + bias)`; `out` may be `x`. Words: count, width, elements of a chunk, x, out, activation, then `[width]` bias
 * and, for prelu, slope. Float: the slope of leaky relu.
 */
export function activationChunk(p: usize, chunk: i32): void {
  const width = integer(p, 1);
  let index = chunk * integer(p, 2);
  const end = min(integer(p, 0), index + integer(p, 2));
  while (index < end) {
    const column = index % width, columns = min(width - column, end - index);
    activateRow(p, index, column, columns);
    index += columns;
  }
}

/** A loop for each activation: which one it is, is asked once a row. */
function activateRow(p: usize, element: i32, channel: i32, columns: i32): void {
  switch (integer(p, 5)) {
    case linearActivation:
      for (let c = 0; c < columns; c += 4) activate(p, linearActivation, element + c, channel + c, columns - c);
      break;
    case reluActivation:
      for (let c = 0; c < columns; c += 4) activate(p, reluActivation, element + c, channel + c, columns - c);
      break;
    case relu6Activation:
      for (let c = 0; c < columns; c += 4) activate(p, relu6Activation, element + c, channel + c, columns - c);
      break;
    case eluActivation:
      for (let c = 0; c < columns; c += 4) activate(p, eluActivation, element + c, channel + c, columns - c);
      break;
    case sigmoidActivation:
      for (let c = 0; c < columns; c += 4) activate(p, sigmoidActivation, element + c, channel + c, columns - c);
      break;
    case leakyReluActivation:
      for (let c = 0; c < columns; c += 4) activate(p, leakyReluActivation, element + c, channel + c, columns - c);
      break;
    case preluActivation:
      for (let c = 0; c < columns; c += 4) activate(p, preluActivation, element + c, channel + c, columns - c);
      break;
    default:
      unreachable();
  }
}

// @ts-ignore: decorator
@inline
function activate(p: usize, activation: i32, element: i32, channel: i32, columns: i32): void {
  const lanes = min(4, columns);
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  const bias = loadLanes(address(p, 6) + at(channel), lanes);
  let x = f32x4.add(loadLanes(address(p, 3) + at(element), lanes), bias);
  if (activation == reluActivation) {
    x = f32x4.max(x, zero);
  } else if (activation == relu6Activation) {
    x = f32x4.min(f32x4.max(x, zero), f32x4.splat(6));
  } else if (activation == eluActivation) {
    x = v128.bitselect(x, exponentialMinusOne(x), f32x4.ge(x, zero));
  } else if (activation == sigmoidActivation) {
    const e = exponential(f32x4.neg(f32x4.abs(x)));
    x = f32x4.div(v128.bitselect(one, e, f32x4.ge(x, zero)), f32x4.add(one, e));
  } else if (activation == leakyReluActivation) {
    x = v128.bitselect(f32x4.mul(x, f32x4.splat(float(p, 0))), x, f32x4.lt(x, zero));
  } else if (activation == preluActivation) {
    const slope = loadLanes(address(p, 7) + at(channel), lanes);
    x = v128.bitselect(f32x4.mul(x, slope), x, f32x4.lt(x, zero));
  }
  storeLanes(address(p, 4) + at(element), x, lanes);
}
