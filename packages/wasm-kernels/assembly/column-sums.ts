// Sums over the rows of data with channels last, in float64. Several kinds share one division into chunks.
import {
  batchNormGradientSums,
  momentSums,
  plainSums,
  preluGradientSums,
} from '../src/elementwise-task-ids';
import { at, doubleAt, highDoubles, loadLanes, lowDoubles, storeLanes } from './lanes';
import { address, integer } from './parameters';

/**
 * One part of the rows and one tile of the columns, for some slabs; the last row of a slab may be shorter. Words: sums
 * `[parts][slabs][quantities][stride]` (float64), kind, quantities, stride, slabs, slab size, width of a row, slabs of a
 * chunk, parts, rows of a part, width of a tile; from 11 on, the operands of the kind.
 */
export function columnSumsChunk(p: usize, chunk: i32): void {
  const sums = address(p, 0), quantities = integer(p, 2), stride = integer(p, 3);
  const slabs = integer(p, 4), slabSize = integer(p, 5), width = integer(p, 6), slabsOfChunk = integer(p, 7);
  const parts = integer(p, 8), rowsOfPart = integer(p, 9), tileWidth = integer(p, 10);
  const tiles = (width + tileWidth - 1) / tileWidth;
  const column = chunk % tiles * tileWidth, part = chunk / tiles % parts;
  const firstSlab = chunk / tiles / parts * slabsOfChunk, endSlab = min(slabs, firstSlab + slabsOfChunk);
  const columns = min(tileWidth, width - column);
  const whole = slabSize / width, rest = slabSize % width - column;
  const firstRow = part * rowsOfPart, endRow = min(whole, firstRow + rowsOfPart);
  for (let slab = firstSlab; slab < endSlab; slab++) {
    const target = sums + doubleAt((part * slabs + slab) * quantities * stride + column);
    for (let quantity = 0; quantity < quantities; quantity++) {
      // The stride is a multiple of 4: a last vector that is not full has room.
      memory.fill(target + doubleAt(quantity * stride), 0, doubleAt((columns + 3) & ~3));
    }
    const start = slab * slabSize + column;
    for (let row = firstRow; row < endRow; row += 4) {
      addRows(p, start + row * width, column, min(4, endRow - row), columns, target);
    }
    if (part == parts - 1 && rest > 0) addRows(p, start + whole * width, column, 1, min(columns, rest), target);
  }
}

/** Adds up to four rows, the first from element `start` on. */
function addRows(p: usize, start: i32, column: i32, rows: i32, columns: i32, sums: usize): void {
  const kind = integer(p, 1), rest = columns & 3, whole = columns - rest;
  if (kind == plainSums) {
    for (let c = 0; c < whole; c += 4) addPlain(p, start + c, rows, 4, sums + doubleAt(c));
    if (rest) addPlain(p, start + whole, rows, rest, sums + doubleAt(whole));
  } else if (kind == momentSums) {
    for (let c = 0; c < whole; c += 4) addMoments(p, start + c, column + c, rows, 4, sums + doubleAt(c));
    if (rest) addMoments(p, start + whole, column + whole, rows, rest, sums + doubleAt(whole));
  } else if (kind == batchNormGradientSums) {
    for (let c = 0; c < whole; c += 4) addBatchNorm(p, start + c, column + c, rows, 4, sums + doubleAt(c));
    if (rest) addBatchNorm(p, start + whole, column + whole, rows, rest, sums + doubleAt(whole));
  } else if (kind == preluGradientSums) {
    for (let c = 0; c < whole; c += 4) addPrelu(p, start + c, column + c, rows, 4, sums + doubleAt(c));
    if (rest) addPrelu(p, start + whole, column + whole, rows, rest, sums + doubleAt(whole));
  } else {
    unreachable();
  }
}

/** `Σ x`. Operand: x. */
// @ts-ignore: decorator
@inline
function addPlain(p: usize, start: i32, rows: i32, lanes: i32, sums: usize): void {
  const rowBytes = at(integer(p, 6));
  let from = address(p, 11) + at(start);
  let low = v128.load(sums), high = v128.load(sums, 16);
  for (let row = 0; row < rows; row++) {
    const values = loadLanes(from, lanes);
    low = f64x2.add(low, lowDoubles(values));
    high = f64x2.add(high, highDoubles(values));
    from += rowBytes;
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}

/** `Σ (x − s)` and `Σ (x − s)²`, with the differences in float64: exact. Operands: x, s `[width]`. */
// @ts-ignore: decorator
@inline
function addMoments(p: usize, start: i32, column: i32, rows: i32, lanes: i32, sums: usize): void {
  const rowBytes = at(integer(p, 6)), squares = sums + doubleAt(integer(p, 3));
  const shift = loadLanes(address(p, 12) + at(column), lanes);
  const lowShift = lowDoubles(shift), highShift = highDoubles(shift);
  let from = address(p, 11) + at(start);
  let low = v128.load(sums), high = v128.load(sums, 16);
  let lowSquares = v128.load(squares), highSquares = v128.load(squares, 16);
  for (let row = 0; row < rows; row++) {
    const values = loadLanes(from, lanes);
    const lowValues = f64x2.sub(lowDoubles(values), lowShift);
    const highValues = f64x2.sub(highDoubles(values), highShift);
    low = f64x2.add(low, lowValues);
    high = f64x2.add(high, highValues);
    lowSquares = f64x2.add(lowSquares, f64x2.mul(lowValues, lowValues));
    highSquares = f64x2.add(highSquares, f64x2.mul(highValues, highValues));
    from += rowBytes;
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
  v128.store(squares, lowSquares);
  v128.store(squares, highSquares, 16);
}

/** `Σ dy` and `Σ dy x̂` with `x̂ = (x − mean) / deviation`. Operands: x, dy, mean `[width]`, 1 / deviation `[width]`. */
// @ts-ignore: decorator
@inline
function addBatchNorm(p: usize, start: i32, column: i32, rows: i32, lanes: i32, sums: usize): void {
  const rowBytes = at(integer(p, 6)), products = sums + doubleAt(integer(p, 3));
  const mean = loadLanes(address(p, 13) + at(column), lanes);
  const inverse = loadLanes(address(p, 14) + at(column), lanes);
  let from = address(p, 11) + at(start), gradient = address(p, 12) + at(start);
  let low = v128.load(sums), high = v128.load(sums, 16);
  let lowProducts = v128.load(products), highProducts = v128.load(products, 16);
  for (let row = 0; row < rows; row++) {
    const dy = loadLanes(gradient, lanes);
    const product = f32x4.mul(dy, f32x4.mul(f32x4.sub(loadLanes(from, lanes), mean), inverse));
    low = f64x2.add(low, lowDoubles(dy));
    high = f64x2.add(high, highDoubles(dy));
    lowProducts = f64x2.add(lowProducts, lowDoubles(product));
    highProducts = f64x2.add(highProducts, highDoubles(product));
    from += rowBytes;
    gradient += rowBytes;
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
  v128.store(products, lowProducts);
  v128.store(products, highProducts, 16);
}

/**
 * `Σ dy x` where x is not positive, the gradient of the slope; on the way `dx = dy`, or `slope · dy` there. Operands: x, dy,
 * slope `[width]`, dx.
 */
// @ts-ignore: decorator
@inline
function addPrelu(p: usize, start: i32, column: i32, rows: i32, lanes: i32, sums: usize): void {
  const rowBytes = at(integer(p, 6));
  const slope = loadLanes(address(p, 13) + at(column), lanes);
  let from = address(p, 11) + at(start), gradient = address(p, 12) + at(start), target = address(p, 14) + at(start);
  let low = v128.load(sums), high = v128.load(sums, 16);
  for (let row = 0; row < rows; row++) {
    const x = loadLanes(from, lanes), dy = loadLanes(gradient, lanes);
    const positive = f32x4.gt(x, f32x4.splat(0));
    storeLanes(target, v128.bitselect(dy, f32x4.mul(dy, slope), positive), lanes);
    const product = v128.andnot(f32x4.mul(dy, x), positive);
    low = f64x2.add(low, lowDoubles(product));
    high = f64x2.add(high, highDoubles(product));
    from += rowBytes;
    gradient += rowBytes;
    target += rowBytes;
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}
