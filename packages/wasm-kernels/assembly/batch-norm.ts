// Batch norm with the statistics of the batch, and what networks do right after it: PReLU or the sum with a shortcut.
// The backward pass computes the normalised values again, from x and the parameters of the channels.
//
// A row is one or more pixels with channels last. The parameters of four columns are together, 4 values each of: mean,
// factor, offset, slope, and for the gradient of x `along` and `constant`.
import { gradientSums, momentSums, slopedGradientSums } from '../src/elementwise-task-ids';
import { at, doubleAt, highDoubles, loadLanes, lowDoubles, multiplyAdd, storeLanes } from './lanes';
import { address, float, integer } from './parameters';

/** Bytes of the parameters of four columns. */
const groupBytes: usize = 96;

/** Elements of a block of rows whose moments are summed in registers: 8 kB. */
const blockElements: i32 = 2048;

/** Rows of gradients that are summed in float32 before the sums are added up in float64. */
const gradientRows: i32 = 16;

/** Returns the offset of the parameters of a column. */
// @inline
function groupAt(column: i32): usize {
  return <usize>(column >> 2) * groupBytes + at(column & 3);
}

/**
 * Sums one part of the rows. Words: sums, elements of x, width of a row, rows of a part, kind, x, dy, parameters. The last
 * row may be shorter. A part has sums `[quantities][stride]` in float64, with the width rounded up to a multiple of 4 as
 * stride, then space for as many float32.
 */
export function batchNormSumsChunk(p: usize, part: i32): void {
  const count = integer(p, 1);
  const width = integer(p, 2);
  const rowsOfPart = integer(p, 3);
  const kind = integer(p, 4);
  const size = ((width + 3) & ~3) * quantitiesOf(kind);
  const sums = address(p, 0) + partBytes(size) * part;
  memory.fill(sums, 0, doubleAt(size));
  const rowsOfBlock = kind == momentSums ? max(1, min(8, blockElements / width)) : gradientRows;
  const wholeRows = count / width;
  const end = (part + 1) * rowsOfPart;
  const wholeEnd = min(end, wholeRows);
  for (let row = part * rowsOfPart; row < wholeEnd; row += rowsOfBlock) {
    const rows = min(rowsOfBlock, wholeEnd - row);
    if (kind == momentSums) addMoments(p, row, rows, width, row + 2 * rowsOfBlock <= wholeEnd, sums);
    else addGradients(p, row, rows, width, sums);
  }
  const rest = count - wholeRows * width;
  if (rest == 0 || end <= wholeRows || part * rowsOfPart > wholeRows) return;
  if (kind == momentSums) addMoments(p, wholeRows, 1, rest, false, sums);
  else addGradients(p, wholeRows, 1, rest, sums);
}

// @inline
function quantitiesOf(kind: i32): i32 {
  return kind == slopedGradientSums ? 3 : 2;
}

/** Returns the bytes of a part with `size` sums. */
// @inline
function partBytes(size: i32): usize {
  return doubleAt(size) + at(size);
}

/**
 * Adds up to eight rows to the sums, column by column. Meanwhile it reads the next rows in the order of memory, one value
 * of each cache line: they are then in the cache, which the order of columns alone would read slowly.
 */
function addMoments(p: usize, row: i32, rows: i32, columns: i32, hasNext: bool, sums: usize): void {
  const step = at(integer(p, 2));
  const stride = doubleAt((integer(p, 2) + 3) & ~3);
  const first = address(p, 5);
  const x = first + row * step;
  const next = hasNext ? x + rows * step : x;
  const whole = at(columns & ~3);
  // A column has an equal share of the lines: at most 8 rows of 16 bytes.
  for (let o: usize = 0; o < whole; o += 16) {
    atomic.load<i32>(next + rows * o);
    if (rows > 4) atomic.load<i32>(next + rows * o + 64);
    addMomentsOf<v128>(x + o, first + o, step, rows, 4, sums + 2 * o, stride);
  }
  if (columns & 3) {
    addMomentsOf<f32>(x + whole, first + whole, step, rows, columns & 3, sums + 2 * whole, stride);
  }
}

/** Adds `Σ (x − s)` and `Σ (x − s)²`, with the first row as s. The differences are exact in float64. */
// @inline
function addMomentsOf<V>(
  x: usize,
  first: usize,
  step: usize,
  rows: i32,
  lanes: i32,
  sums: usize,
  stride: usize,
): void {
  const start = finiteOrZero(loadLanes<V>(first, lanes));
  const startLow = lowDoubles(start);
  const startHigh = highDoubles(start);
  let low = f64x2.splat(0);
  let high = low;
  let lowSquares = low;
  let highSquares = low;
  for (const end = x + rows * step; x < end; x += step) {
    const values = loadLanes<V>(x, lanes);
    const lowDifference = f64x2.sub(lowDoubles(values), startLow);
    const highDifference = f64x2.sub(highDoubles(values), startHigh);
    low = f64x2.add(low, lowDifference);
    high = f64x2.add(high, highDifference);
    lowSquares = multiplyAddDoubles(lowDifference, lowDifference, lowSquares);
    highSquares = multiplyAddDoubles(highDifference, highDifference, highSquares);
  }
  add(sums, low, high);
  add(sums + stride, lowSquares, highSquares);
}

// @inline
function finiteOrZero(values: v128): v128 {
  return v128.and(values, f32x4.eq(f32x4.sub(values, values), f32x4.splat(0)));
}

// @inline
function multiplyAddDoubles(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(c, f64x2.mul(a, b));
}

// @inline
function add(sums: usize, low: v128, high: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), low));
  v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
}

/** Adds some rows of gradients to the sums. */
function addGradients(p: usize, row: i32, rows: i32, columns: i32, sums: usize): void {
  const step = at(integer(p, 2));
  const stride = (integer(p, 2) + 3) & ~3;
  const kind = integer(p, 4);
  const size = stride * quantitiesOf(kind);
  const blockSums = sums + doubleAt(size);
  memory.fill(blockSums, 0, at(size));
  let offset = row * step;
  for (const end = offset + rows * step; offset < end; offset += step) {
    const x = address(p, 5) + offset;
    const dy = address(p, 6) + offset;
    // Each kind has a function of its own, because V8 compiles several loops in one function to slow code.
    if (kind == gradientSums) addGradientRow(x, dy, address(p, 7), columns, blockSums, at(stride));
    else addSlopedGradientRow(x, dy, address(p, 7), columns, blockSums, at(stride));
  }
  for (let index = 0; index < size; index += 4) {
    const values = v128.load(blockSums + at(index));
    add(sums + doubleAt(index), lowDoubles(values), highDoubles(values));
  }
}

function addGradientRow(
  x: usize,
  dy: usize,
  parameters: usize,
  columns: i32,
  sums: usize,
  stride: usize,
): void {
  const toDy = dy - x;
  const toSums = sums - x;
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes)
    addGradient<v128>(x, toDy, parameters, x + toSums, stride, 4);
  if (columns & 3) addGradient<f32>(x, toDy, parameters, x + toSums, stride, columns & 3);
}

/** Adds `Σ dy` and `Σ dy (x − mean)`. */
// @inline
function addGradient<V>(
  x: usize,
  toDy: usize,
  parameters: usize,
  sums: usize,
  stride: usize,
  lanes: i32,
): void {
  const dy = loadLanes<V>(x + toDy, lanes);
  const centred = f32x4.sub(loadLanes<V>(x, lanes), v128.load(parameters));
  v128.store(sums, f32x4.add(v128.load(sums), dy));
  v128.store(sums + stride, multiplyAdd(dy, centred, v128.load(sums + stride)));
}

function addSlopedGradientRow(
  x: usize,
  dy: usize,
  parameters: usize,
  columns: i32,
  sums: usize,
  stride: usize,
): void {
  const toDy = dy - x;
  const toSums = sums - x;
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes)
    addSlopedGradient<v128>(x, toDy, parameters, x + toSums, stride, 4);
  if (columns & 3) addSlopedGradient<f32>(x, toDy, parameters, x + toSums, stride, columns & 3);
}

/**
 * Adds `Σ g` and `Σ g (x − mean)`, where g is the gradient of the normalised value n: dy, or `slope dy` if n is not
 * positive. Also adds the gradient of the slope, the sum of `dy n` over the n that are not positive.
 */
// @inline
function addSlopedGradient<V>(
  x: usize,
  toDy: usize,
  parameters: usize,
  sums: usize,
  stride: usize,
  lanes: i32,
): void {
  const dy = loadLanes<V>(x + toDy, lanes);
  const centred = f32x4.sub(loadLanes<V>(x, lanes), v128.load(parameters));
  const normalised = multiplyAdd(centred, v128.load(parameters, 16), v128.load(parameters, 32));
  const positive = f32x4.gt(normalised, f32x4.splat(0));
  const gradient = v128.bitselect(dy, f32x4.mul(dy, v128.load(parameters, 48)), positive);
  const slopeGradient = v128.andnot(f32x4.mul(dy, normalised), positive);
  v128.store(sums, f32x4.add(v128.load(sums), gradient));
  v128.store(sums + stride, multiplyAdd(gradient, centred, v128.load(sums + stride)));
  v128.store(sums + 2 * stride, f32x4.add(v128.load(sums + 2 * stride), slopeGradient));
}

/**
 * Computes the statistics of all channels. Words: sums of the kind `momentSums`, elements of x, width of a row, parts,
 * channels, x, mean, biased variance, rounding error of the mean, then the running mean and variance, and the new ones
 * (all 0 for none). Float: the share that running statistics keep.
 */
export function batchNormStatisticsChunk(p: usize): void {
  const width = integer(p, 2);
  const channels = integer(p, 4);
  const x = address(p, 5);
  const wholeRows = integer(p, 1) / width;
  const shorter = integer(p, 1) % width;
  const count = <f64>(integer(p, 1) / channels);
  const keep = <f64>float(p, 0);
  for (let channel = 0; channel < channels; channel++) {
    const first = finiteValue(x + at(channel));
    let sum: f64 = 0;
    let squares: f64 = 0;
    for (let column = channel; column < width; column += channels) {
      // The sums of a column are relative to its own first value.
      const rows = <f64>(wholeRows + (column < shorter ? 1 : 0));
      const apart = finiteValue(x + at(column)) - first;
      const columnSum = totalOf(p, 2, 0, column);
      sum += columnSum + rows * apart;
      squares += totalOf(p, 2, 1, column) + apart * (2 * columnSum + rows * apart);
    }
    const shift = sum / count;
    const mean = first + shift;
    const variance = max<f64>(0, squares / count - shift * shift);
    const place = at(channel);
    store<f32>(address(p, 6) + place, <f32>mean);
    store<f32>(address(p, 7) + place, <f32>variance);
    store<f32>(address(p, 8) + place, <f32>(mean - <f64>(<f32>mean)));
    if (address(p, 9) == 0) continue;
    // Evaluation uses the unbiased variance, as in PyTorch.
    const unbiased = variance * (count / (count - 1));
    const runningMean = keep * <f64>load<f32>(address(p, 9) + place) + (1 - keep) * mean;
    const runningVariance = keep * <f64>load<f32>(address(p, 10) + place) + (1 - keep) * unbiased;
    store<f32>(address(p, 11) + place, <f32>runningMean);
    store<f32>(address(p, 12) + place, <f32>runningVariance);
  }
}

function finiteValue(from: usize): f64 {
  const value = load<f32>(from);
  return value - value == 0 ? <f64>value : 0;
}

/** Returns the total of a quantity in a column. Words 0, 2 and 3: sums, width, parts. */
function totalOf(p: usize, quantities: i32, quantity: i32, column: i32): f64 {
  const stride = (integer(p, 2) + 3) & ~3;
  const step = partBytes(stride * quantities);
  let place = address(p, 0) + doubleAt(quantity * stride + column);
  let total: f64 = 0;
  for (let part = 0; part < integer(p, 3); part++, place += step) total += load<f64>(place);
  return total;
}

/**
 * Writes the parameters that both passes need: mean, factor, offset, slope. Words: parameters, width, channels, mean,
 * variance, rounding error of the mean, scale, offset, slope (the last three 0 for none). Float: ε.
 */
export function batchNormParametersChunk(p: usize): void {
  const width = integer(p, 1);
  const channels = integer(p, 2);
  for (let channel = 0; channel < channels; channel++) {
    const place = at(channel);
    const inverse = inverseDeviation(load<f32>(address(p, 4) + place), float(p, 0));
    const factor = valueOr(address(p, 6), place, 1) * inverse;
    const error = <f64>load<f32>(address(p, 5) + place);
    const offset = valueOr(address(p, 7), place, 0) - error * factor;
    for (let column = channel; column < width; column += channels) {
      const target = address(p, 0) + groupAt(column);
      store<f32>(target, load<f32>(address(p, 3) + place));
      store<f32>(target, <f32>factor, 16);
      store<f32>(target, <f32>offset, 32);
      store<f32>(target, <f32>valueOr(address(p, 8), place, 1), 48);
    }
  }
}

function inverseDeviation(variance: f32, epsilon: f32): f64 {
  return 1 / Math.sqrt(<f64>variance + <f64>epsilon);
}

function valueOr(list: usize, place: usize, missing: f64): f64 {
  return list ? <f64>load<f32>(list + place) : missing;
}

/**
 * Computes the gradients of scale, offset and slope, and the parameters `along` and `constant`. With
 * `x̂ = (x − mean) / deviation`: `dx = factor (g − Σg / rows − x̂ Σgx̂ / rows) = factor g + along (x − mean) + constant`.
 * Words: sums of one of the kinds of gradients, elements of x, width, parts, channels, parameters, variance, rounding
 * error of the mean, scale (0 for none), then the gradients of scale, offset and slope (0 for none). Float: ε.
 */
export function batchNormGradientParametersChunk(p: usize): void {
  const channels = integer(p, 4);
  const width = integer(p, 2);
  const count = <f64>(integer(p, 1) / channels);
  const slopeGradient = address(p, 11);
  const quantities = slopeGradient ? 3 : 2;
  for (let channel = 0; channel < channels; channel++) {
    const place = at(channel);
    let sum: f64 = 0;
    let products: f64 = 0;
    let slopes: f64 = 0;
    for (let column = channel; column < width; column += channels) {
      sum += totalOf(p, quantities, 0, column);
      products += totalOf(p, quantities, 1, column);
      if (slopeGradient) slopes += totalOf(p, quantities, 2, column);
    }
    const inverse = inverseDeviation(load<f32>(address(p, 6) + place), float(p, 0));
    const error = <f64>load<f32>(address(p, 7) + place);
    const factor = valueOr(address(p, 8), place, 1) * inverse;
    // The sums are relative to the rounded mean.
    const scaleGradient = (products - error * sum) * inverse;
    const along = (-factor * inverse * scaleGradient) / count;
    const constant = (-factor * sum) / count - along * error;
    store<f32>(address(p, 9) + place, <f32>scaleGradient);
    store<f32>(address(p, 10) + place, <f32>sum);
    if (slopeGradient) store<f32>(slopeGradient + place, <f32>slopes);
    for (let column = channel; column < width; column += channels) {
      const target = address(p, 5) + groupAt(column);
      store<f32>(target, <f32>along, 64);
      store<f32>(target, <f32>constant, 80);
    }
  }
}

/**
 * Computes `factor (x − mean) + offset`, then PReLU, or the sum with a shortcut, or neither. Words: elements of x, width,
 * rows of a chunk, x, out, parameters, whether there is a slope, shortcut (0 for none).
 */
export function batchNormMapChunk(p: usize, chunk: i32): void {
  const width = integer(p, 1);
  const toOut = address(p, 4) - address(p, 3);
  const toShortcut = address(p, 7) - address(p, 3);
  const parameters = address(p, 5);
  let index = chunk * integer(p, 2) * width;
  const end = min(integer(p, 0), index + integer(p, 2) * width);
  for (; index < end; index += width) {
    const x = address(p, 3) + at(index);
    const columns = min(width, end - index);
    if (address(p, 7)) mapSum(x, toOut, toShortcut, parameters, columns);
    else if (integer(p, 6)) mapSloped(x, toOut, parameters, columns);
    else mapPlain(x, toOut, parameters, columns);
  }
}

function mapPlain(x: usize, toOut: usize, parameters: usize, columns: i32): void {
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes)
    v128.store(x + toOut, normalised(v128.load(x), parameters));
  if (columns & 3)
    storeLanes<f32>(x + toOut, normalised(loadLanes<f32>(x, columns & 3), parameters), columns & 3);
}

function mapSum(x: usize, toOut: usize, toShortcut: usize, parameters: usize, columns: i32): void {
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes)
    v128.store(x + toOut, f32x4.add(normalised(v128.load(x), parameters), v128.load(x + toShortcut)));
  const rest = columns & 3;
  if (rest == 0) return;
  const values = normalised(loadLanes<f32>(x, rest), parameters);
  storeLanes<f32>(x + toOut, f32x4.add(values, loadLanes<f32>(x + toShortcut, rest)), rest);
}

function mapSloped(x: usize, toOut: usize, parameters: usize, columns: i32): void {
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes)
    v128.store(x + toOut, sloped(normalised(v128.load(x), parameters), parameters));
  const rest = columns & 3;
  if (rest)
    storeLanes<f32>(x + toOut, sloped(normalised(loadLanes<f32>(x, rest), parameters), parameters), rest);
}

// @inline
function normalised(x: v128, parameters: usize): v128 {
  return multiplyAdd(
    f32x4.sub(x, v128.load(parameters)),
    v128.load(parameters, 16),
    v128.load(parameters, 32),
  );
}

// @inline
function sloped(values: v128, parameters: usize): v128 {
  const scaled = f32x4.mul(values, v128.load(parameters, 48));
  return v128.bitselect(values, scaled, f32x4.gt(values, f32x4.splat(0)));
}

/**
 * Computes the gradient of x, through PReLU if there is a slope, or adds another gradient of x. Words: elements of x, width,
 * rows of a chunk, x, dy, dx, parameters, whether there is a slope, other gradient (0 for none). dx may share the memory
 * of either gradient.
 */
export function batchNormGradientMapChunk(p: usize, chunk: i32): void {
  const width = integer(p, 1);
  const toDy = address(p, 4) - address(p, 3);
  const toDx = address(p, 5) - address(p, 3);
  const toOther = address(p, 8) - address(p, 3);
  const parameters = address(p, 6);
  let index = chunk * integer(p, 2) * width;
  const end = min(integer(p, 0), index + integer(p, 2) * width);
  for (; index < end; index += width) {
    const x = address(p, 3) + at(index);
    const columns = min(width, end - index);
    if (address(p, 8)) gradientSum(x, toDy, toDx, toOther, parameters, columns);
    else if (integer(p, 7)) gradientSloped(x, toDy, toDx, parameters, columns);
    else gradientPlain(x, toDy, toDx, parameters, columns);
  }
}

function gradientPlain(x: usize, toDy: usize, toDx: usize, parameters: usize, columns: i32): void {
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes)
    v128.store(x + toDx, gradient(v128.load(x), v128.load(x + toDy), parameters));
  const rest = columns & 3;
  if (rest == 0) return;
  const dy = loadLanes<f32>(x + toDy, rest);
  storeLanes<f32>(x + toDx, gradient(loadLanes<f32>(x, rest), dy, parameters), rest);
}

function gradientSum(
  x: usize,
  toDy: usize,
  toDx: usize,
  toOther: usize,
  parameters: usize,
  columns: i32,
): void {
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes) {
    const own = gradient(v128.load(x), v128.load(x + toDy), parameters);
    v128.store(x + toDx, f32x4.add(own, v128.load(x + toOther)));
  }
  const rest = columns & 3;
  if (rest == 0) return;
  const own = gradient(loadLanes<f32>(x, rest), loadLanes<f32>(x + toDy, rest), parameters);
  storeLanes<f32>(x + toDx, f32x4.add(own, loadLanes<f32>(x + toOther, rest)), rest);
}

function gradientSloped(x: usize, toDy: usize, toDx: usize, parameters: usize, columns: i32): void {
  for (const end = x + at(columns & ~3); x < end; x += 16, parameters += groupBytes)
    v128.store(x + toDx, slopedGradient(v128.load(x), v128.load(x + toDy), parameters));
  const rest = columns & 3;
  if (rest == 0) return;
  const dy = loadLanes<f32>(x + toDy, rest);
  storeLanes<f32>(x + toDx, slopedGradient(loadLanes<f32>(x, rest), dy, parameters), rest);
}

// @inline
function gradient(x: v128, dy: v128, parameters: usize): v128 {
  const centred = f32x4.sub(x, v128.load(parameters));
  const through = multiplyAdd(centred, v128.load(parameters, 64), v128.load(parameters, 80));
  return multiplyAdd(v128.load(parameters, 16), dy, through);
}

// @inline
function slopedGradient(x: v128, dy: v128, parameters: usize): v128 {
  const positive = f32x4.gt(normalised(x, parameters), f32x4.splat(0));
  return gradient(x, v128.bitselect(dy, f32x4.mul(dy, v128.load(parameters, 48)), positive), parameters);
}
