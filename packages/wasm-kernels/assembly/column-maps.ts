// Maps over data with channels last that use parameters of each channel: batch norm, and bias with activation.
import {
  eluActivation,
  leakyReluActivation,
  linearActivation,
  preluActivation,
  relu6Activation,
  reluActivation,
  sigmoidActivation,
} from '../src/elementwise-task-ids';
import { at, loadLanes, loadSome, storeLanes, storeSome } from './lanes';
import { exponential, exponentialMinusOne } from './mathematics';
import { address, float, integer } from './parameters';

/**
 * Computes `(x − mean) · factor + offset`. Words: count, width, elements of a chunk, x, out, `[width]` mean, factor,
 * offset.
 */
export function normalizeColumnsChunk(p: usize, chunk: i32): void {
  const width = integer(p, 1);
  let index = chunk * integer(p, 2);
  const end = min(integer(p, 0), index + integer(p, 2));
  while (index < end) {
    const column = index % width;
    const columns = min(width - column, end - index);
    const x = address(p, 3) + at(index);
    const out = address(p, 4) + at(index);
    const mean = address(p, 5) + at(column);
    const factor = address(p, 6) + at(column);
    const offset = address(p, 7) + at(column);
    const whole = at(columns & ~3);
    const rest = columns & 3;
    for (let o: usize = 0; o < whole; o += 16)
      normalize<v128>(x + o, out + o, mean + o, factor + o, offset + o, 4);
    if (rest) normalize<f32>(x + whole, out + whole, mean + whole, factor + whole, offset + whole, rest);
    index += columns;
  }
}

// @inline
function normalize<V>(x: usize, out: usize, mean: usize, factor: usize, offset: usize, lanes: i32): void {
  const centred = f32x4.sub(loadLanes<V>(x, lanes), loadLanes<V>(mean, lanes));
  const scaled = f32x4.mul(centred, loadLanes<V>(factor, lanes));
  storeLanes<V>(out, f32x4.add(scaled, loadLanes<V>(offset, lanes)), lanes);
}

/**
 * Computes `activation(x + bias)`; `out` may be `x`. Words: count, width, elements of a chunk, x, out, activation, then
 * `[width]` bias and, for prelu, slope. Float: the slope of leaky relu.
 */
export function activationChunk(p: usize, chunk: i32): void {
  const width = integer(p, 1);
  const activation = integer(p, 5);
  const slope = float(p, 0);
  let index = chunk * integer(p, 2);
  const end = min(integer(p, 0), index + integer(p, 2));
  while (index < end) {
    const column = index % width;
    const columns = min(width - column, end - index);
    const x = address(p, 3) + at(index);
    const out = address(p, 4) + at(index);
    activateRow(activation, x, out, address(p, 6) + at(column), address(p, 7) + at(column), slope, columns);
    index += columns;
  }
}

/** Applies an activation to a row. Each activation has a loop of its own, so the choice is made once a row. */
function activateRow(
  activation: i32,
  x: usize,
  out: usize,
  bias: usize,
  slopes: usize,
  slope: f32,
  columns: i32,
): void {
  const rest = columns & 3;
  const end = x + at(columns - rest);
  const leak = f32x4.splat(slope);
  const toOut = out - x;
  const toBias = bias - x;
  const toSlopes = slopes - x;
  switch (activation) {
    case linearActivation:
      for (; x < end; x += 16) v128.store(x + toOut, sum(x, toBias));
      break;
    case reluActivation:
      for (; x < end; x += 16) v128.store(x + toOut, relu(sum(x, toBias)));
      break;
    case relu6Activation:
      for (; x < end; x += 16) v128.store(x + toOut, relu6(sum(x, toBias)));
      break;
    case eluActivation:
      for (; x < end; x += 16) v128.store(x + toOut, elu(sum(x, toBias)));
      break;
    case sigmoidActivation:
      for (; x < end; x += 16) v128.store(x + toOut, sigmoid(sum(x, toBias)));
      break;
    case leakyReluActivation:
      for (; x < end; x += 16) v128.store(x + toOut, prelu(sum(x, toBias), leak));
      break;
    case preluActivation:
      for (; x < end; x += 16) v128.store(x + toOut, prelu(sum(x, toBias), v128.load(x + toSlopes)));
      break;
    default:
      unreachable();
  }
  if (!rest) return;
  const last = f32x4.add(loadSome(x, rest), loadSome(x + toBias, rest));
  const lastSlopes = activation == preluActivation ? loadSome(x + toSlopes, rest) : leak;
  storeSome(x + toOut, applyActivation(activation, last, lastSlopes), rest);
}

function applyActivation(activation: i32, x: v128, slopes: v128): v128 {
  if (activation == reluActivation) return relu(x);
  if (activation == relu6Activation) return relu6(x);
  if (activation == eluActivation) return elu(x);
  if (activation == sigmoidActivation) return sigmoid(x);
  return activation == linearActivation ? x : prelu(x, slopes);
}

// @inline
function sum(x: usize, toBias: usize): v128 {
  return f32x4.add(v128.load(x), v128.load(x + toBias));
}

// @inline
function relu(x: v128): v128 {
  return f32x4.max(x, f32x4.splat(0));
}

// @inline
function relu6(x: v128): v128 {
  return f32x4.min(relu(x), f32x4.splat(6));
}

// @inline
function elu(x: v128): v128 {
  return v128.bitselect(x, exponentialMinusOne(x), f32x4.ge(x, f32x4.splat(0)));
}

// @inline
function sigmoid(x: v128): v128 {
  const e = exponential(f32x4.neg(f32x4.abs(x)));
  const one = f32x4.splat(1);
  return f32x4.div(v128.bitselect(one, e, f32x4.ge(x, f32x4.splat(0))), f32x4.add(one, e));
}

// @inline
function prelu(x: v128, slopes: v128): v128 {
  return v128.bitselect(f32x4.mul(x, slopes), x, f32x4.lt(x, f32x4.splat(0)));
}
