// Sums over the rows of data with channels last, in float64. All kinds of sums share one division into chunks.
import { plainSums, preluGradientSums } from '../src/elementwise-task-ids';
import { at, doubleAt, highDoubles, loadLanes, lowDoubles, storeLanes } from './lanes';
import { address, integer } from './parameters';

/**
 * Sums one part of the rows and one tile of the columns, for some slabs. The last row of a slab may be shorter. Words:
 * sums `[parts][slabs][stride / 4][quantities][4]` (float64), kind, quantities, stride, slabs, slab size, width of a
 * row, slabs of a chunk, parts, rows of a part, width of a tile (a multiple of 4). From word 11 on: the operands of the
 * kind.
 *
 * The sums of a tile stay in the cache while rows are read in the order of memory, which is twice as fast as any other
 * order.
 */
export function columnSumsChunk(p: usize, chunk: i32): void {
  const sums = address(p, 0);
  const quantities = integer(p, 2);
  const stride = integer(p, 3);
  const slabs = integer(p, 4);
  const slabSize = integer(p, 5);
  const width = integer(p, 6);
  const slabsOfChunk = integer(p, 7);
  const parts = integer(p, 8);
  const rowsOfPart = integer(p, 9);
  const tileWidth = integer(p, 10);
  const tiles = (width + tileWidth - 1) / tileWidth;
  const column = (chunk % tiles) * tileWidth;
  const part = (chunk / tiles) % parts;
  const firstSlab = (chunk / tiles / parts) * slabsOfChunk;
  const endSlab = min(slabs, firstSlab + slabsOfChunk);
  const columns = min(tileWidth, width - column);
  const firstRow = part * rowsOfPart;
  for (let slab = firstSlab; slab < endSlab; slab++) {
    const target = sums + doubleAt(((part * slabs + slab) * stride + column) * quantities);
    memory.fill(target, 0, doubleAt(((columns + 3) & ~3) * quantities));
    for (let row = firstRow; row < firstRow + rowsOfPart; row++) {
      const start = row * width + column;
      const present = min(columns, slabSize - start);
      if (present <= 0) break;
      addRow(p, slab * slabSize + start, column, present, target);
    }
  }
}

/** Adds a row to the sums. The row starts at element `start` and at `column`. */
function addRow(p: usize, start: i32, column: i32, columns: i32, sums: usize): void {
  const kind = integer(p, 1);
  const x = address(p, 11) + at(start);
  const dy = address(p, 12) + at(start);
  // Each kind has a function of its own, because V8 compiles several loops in one function to slow code.
  if (kind == plainSums) {
    addPlainRow(x, columns, sums);
  } else if (kind == preluGradientSums) {
    addPreluRow(x, dy, address(p, 13) + at(column), address(p, 14) + at(start), columns, sums);
  } else {
    unreachable();
  }
}

function addPlainRow(x: usize, columns: i32, sums: usize): void {
  const rest = columns & 3;
  const whole = at(columns - rest);
  for (let o: usize = 0; o < whole; o += 16) addPlain<v128>(x + o, 4, sums + 2 * o);
  if (rest) addPlain<f32>(x + whole, rest, sums + 2 * whole);
}

function addPreluRow(x: usize, dy: usize, slope: usize, dx: usize, columns: i32, sums: usize): void {
  const rest = columns & 3;
  const whole = at(columns - rest);
  for (let o: usize = 0; o < whole; o += 16)
    addPrelu<v128>(x + o, dy + o, slope + o, dx + o, 4, sums + 2 * o);
  if (rest) addPrelu<f32>(x + whole, dy + whole, slope + whole, dx + whole, rest, sums + 2 * whole);
}

// @inline
function add(sums: usize, low: v128, high: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), low));
  v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
}

/** Adds `Σ x`. Operand: x. */
// @inline
function addPlain<V>(x: usize, lanes: i32, sums: usize): void {
  const values = loadLanes<V>(x, lanes);
  add(sums, lowDoubles(values), highDoubles(values));
}

/**
 * Adds `Σ dy x` over the x that are not positive, the gradient of the slope. Also stores dx: `slope · dy` for these x, else
 * `dy`. Operands: x, dy, slope `[width]`, dx.
 */
// @inline
function addPrelu<V>(x: usize, dy: usize, slope: usize, dx: usize, lanes: i32, sums: usize): void {
  const values = loadLanes<V>(x, lanes);
  const gradient = loadLanes<V>(dy, lanes);
  const positive = f32x4.gt(values, f32x4.splat(0));
  storeLanes<V>(
    dx,
    v128.bitselect(gradient, f32x4.mul(gradient, loadLanes<V>(slope, lanes)), positive),
    lanes,
  );
  const product = v128.andnot(f32x4.mul(gradient, values), positive);
  add(sums, lowDoubles(product), highDoubles(product));
}
