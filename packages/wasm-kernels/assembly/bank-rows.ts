// Rows of the gradients of bank and embeddings. Both turn the gradient of a unit vector into that of the vector itself.
import {
  bankGradientWord,
  batchWord,
  centersWord,
  embeddingsGradientWord,
  embeddingsWord,
  groupCountWord,
  groupFactorsWord,
  inverseWord,
  labelsWord,
  normalisedWord,
  ownFactorsWord,
  ownRowsWord,
  partialsWord,
  queriesWord,
  queryColumnsWord,
  queryRowsWord,
  rowNumbersWord,
  sizeWord,
  strideWord,
  updateWord,
} from '../src/bank-loss-words';
import {
  bankRow,
  bankRowAddress,
  classScale,
  copyRow,
  inverseNorm,
  isProjected,
  mixtureShare,
  norm,
  packedOf,
  spareOf,
} from './bank-block';
import { fetchSlots, updateRow } from './bank-update';
import { at } from './lanes';
import { laneSum } from './mathematics';
import { multiplyPanels, roundUp } from './panel-products';
import { address, integer } from './parameters';
import { tileColumns } from './tile';

/** Rows of the bank that are finished at a time. They fit into the level 1 cache. */
const stripRows: i32 = 12;
/** Samples in a chunk. */
const sampleRows: i32 = 8;

/** Returns the bytes from the gradient of one group to the next. */
// @inline
export function partialBytes(p: usize): usize {
  return at(integer(p, batchWord) * roundUp(integer(p, sizeWord), tileColumns));
}

/**
 * Computes a block of the bank's gradient: `slopes · unit embeddings`, propagated through the normalisation of the rows. Writes it,
 * or updates the bank with it. Returns the sum of its squares if it updates the bank.
 */
export function writeBankGradient(
  p: usize,
  rows: usize,
  first: i32,
  count: i32,
  slopes: usize,
  scratch: usize,
): f64 {
  const batch = integer(p, batchWord);
  const size = integer(p, sizeWord);
  const stride = at(integer(p, strideWord));
  const columns = roundUp(size, tileColumns);
  const gradient = address(p, bankGradientWord);
  const isUpdated = integer(p, updateWord) != 0;
  let squares: f64 = 0;
  const inverse = address(p, inverseWord);
  const packed = address(p, queryRowsWord);
  const strip = packedOf(p, scratch);
  const spare = spareOf(p, scratch);
  for (let start = 0; start < count; start += stripRows) {
    const present = min(stripRows, count - start);
    const from = slopes + <usize>start * stride;
    if (isUpdated) fetchSlots(p, first + start, present, strip);
    multiplyPanels(present, columns, batch, from, stride, 4, packed, strip, at(columns), false, spare);
    for (let row = 0; row < present; row++) {
      const place = first + start + row;
      const factor = load<f32>(inverse + at(place));
      const source = strip + at(row * columns);
      const target = isUpdated ? source : gradient + at(bankRow(p, place)) * size;
      const weightRow = rows + at((start + row) * size);
      // An inverse of 10⁵ belongs to a row shorter than the minimum.
      const projected = integer(p, normalisedWord) != 0 && factor < 1e5;
      const scale = classScale(p, place);
      const share = mixtureShare(p, place);
      if (isUpdated && share == 0) {
        const radial: f32 = projected ? dotWithUnit(source, weightRow, factor, size) : 0;
        squares += updateRow(p, place, source, factor, radial, scale);
        continue;
      }
      project(source, weightRow, factor, projected, scale, size, target);
      if (share == 0) continue;
      projectMixed(p, place, share, target);
      if (isUpdated) squares += updateRow(p, place, target, 0, 0, 1);
    }
  }
  return squares;
}

/** Turns the gradient of a mixed row, in place, into that of the bank's own row. */
function projectMixed(p: usize, place: i32, share: f32, target: usize): void {
  const size = integer(p, sizeWord);
  const row = bankRowAddress(p, place);
  const length = norm(row, size);
  const inverse = <f32>inverseNorm(length);
  project(target, row, inverse, isProjected(length), (1 - share) * inverse, size, target);
}

/** Computes `scale · (source − (source · û) û)` with `û = inverse · row`, without the second term unless `isProjected`. */
function project(
  source: usize,
  row: usize,
  inverse: f32,
  isProjected: bool,
  scale: f32,
  size: i32,
  target: usize,
): void {
  const inverses = f32x4.splat(inverse);
  const scales = f32x4.splat(scale);
  const radial: f32 = isProjected ? dotWithUnit(source, row, inverse, size) : 0;
  const radials = f32x4.splat(radial);
  let k = 0;
  for (; k + 4 <= size; k += 4) {
    const unit = f32x4.mul(inverses, v128.load(row + at(k)));
    const tangential = f32x4.sub(v128.load(source + at(k)), f32x4.mul(radials, unit));
    v128.store(target + at(k), f32x4.mul(scales, tangential));
  }
  for (; k < size; k++) {
    const unit = inverse * load<f32>(row + at(k));
    store<f32>(target + at(k), scale * (load<f32>(source + at(k)) - radial * unit));
  }
}

/** Returns `source · û` with `û = inverse · row`. */
function dotWithUnit(source: usize, row: usize, inverse: f32, size: i32): f32 {
  const inverses = f32x4.splat(inverse);
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  let k = 0;
  for (; k + 8 <= size; k += 8) {
    const u = f32x4.mul(inverses, v128.load(row + at(k)));
    const v = f32x4.mul(inverses, v128.load(row + at(k), 16));
    even = f32x4.add(even, f32x4.mul(u, v128.load(source + at(k))));
    odd = f32x4.add(odd, f32x4.mul(v, v128.load(source + at(k), 16)));
  }
  let radial = laneSum(f32x4.add(even, odd));
  for (; k < size; k++) radial += inverse * load<f32>(row + at(k)) * load<f32>(source + at(k));
  return radial;
}

/** Normalises 8 samples, packs them as rows and as columns, and computes the similarities with their own classes. */
export function queriesChunk(p: usize, chunk: i32): void {
  const batch = integer(p, batchWord);
  const size = integer(p, sizeWord);
  const columnPanel = address(p, queryColumnsWord) + at(chunk * sampleRows * size);
  const packedRows = address(p, queryRowsWord);
  for (let lane = 0; lane < sampleRows; lane++) {
    const sample = chunk * sampleRows + lane;
    if (sample >= batch) {
      for (let k = 0; k < size; k++) store<f32>(columnPanel + at(k * tileColumns + lane), 0);
      continue;
    }
    const source = address(p, embeddingsWord) + at(sample) * size;
    const query = address(p, queriesWord) + at(sample) * size;
    const length = norm(source, size);
    const normalised = integer(p, normalisedWord) != 0;
    const inverse = normalised ? inverseNorm(length) : 1;
    for (let k = 0; k < size; k++) {
      const value = <f32>(<f64>load<f32>(source + at(k)) * inverse);
      store<f32>(query + at(k), value);
      store<f32>(columnPanel + at(k * tileColumns + lane), value);
      store<f32>(packedRows + at(((k >> 3) * batch + sample) * tileColumns + (k & 7)), value);
    }
    const columns = roundUp(size, tileColumns);
    for (let k = size; k < columns; k++) {
      store<f32>(packedRows + at(((k >> 3) * batch + sample) * tileColumns + (k & 7)), 0);
    }
    const numbers = address(p, rowNumbersWord) + ((<usize>sample) << 5);
    store<f64>(numbers, inverse);
    store<f64>(numbers, normalised && isProjected(length) ? 1 : 0, 8);
    if (!isHeld(p, sample)) {
      store<f64>(numbers, 0, 16);
      store<f64>(numbers, 1, 24);
      continue;
    }
    chooseCenter(p, sample, query);
    const own = ownRow(p, sample);
    const ownLength = norm(own, size);
    store<f64>(numbers, dotProduct(query, own, size) * (normalised ? inverseNorm(ownLength) : 1), 16);
    store<f64>(numbers, ownLength, 24);
  }
}

/** Whether the bank holds a sample's own class, which a shard may not. */
// @inline
function isHeld(p: usize, sample: i32): bool {
  return load<i32>(address(p, labelsWord) + at(sample)) >= 0;
}

/** Replaces a sample's class with the row of its most similar center, and mixes that row if there is a mixture. */
function chooseCenter(p: usize, sample: i32, query: usize): void {
  const size = integer(p, sizeWord);
  const centers = integer(p, centersWord);
  const label = address(p, labelsWord) + at(sample);
  const first = load<i32>(label) * centers;
  let best = first;
  if (centers > 1) {
    let largest: f64 = -Infinity;
    for (let place = first; place < first + centers; place++) {
      const row = bankRowAddress(p, place);
      const similarity =
        dotProduct(query, row, size) * (integer(p, normalisedWord) ? inverseNorm(norm(row, size)) : 1);
      if (similarity <= largest) continue;
      largest = similarity;
      best = place;
    }
  }
  store<i32>(label, best);
  const mixed = address(p, ownRowsWord);
  if (mixed) copyRow(p, best, mixed + at(sample * size));
}

/** Returns the row that a sample's own class scores with. */
// @inline
function ownRow(p: usize, sample: i32): usize {
  const mixed = address(p, ownRowsWord);
  if (mixed) return mixed + at(sample) * integer(p, sizeWord);
  return bankRowAddress(p, load<i32>(address(p, labelsWord) + at(sample)));
}

function dotProduct(a: usize, b: usize, size: i32): f64 {
  let sum: f64 = 0;
  for (let k = 0; k < size; k++) sum += <f64>load<f32>(a + at(k)) * <f64>load<f32>(b + at(k));
  return sum;
}

/** Computes the gradients of 8 samples: adds the groups in order and the own class, and propagates the normalisation. */
export function embeddingsChunk(p: usize, chunk: i32): void {
  const size = integer(p, sizeWord);
  const end = min(integer(p, batchWord), (chunk + 1) * sampleRows);
  for (let sample = chunk * sampleRows; sample < end; sample++) {
    const target = address(p, embeddingsGradientWord) + at(sample) * size;
    addGroups(p, sample, target);
    if (isHeld(p, sample)) addOwnClass(p, sample, target);
    const numbers = address(p, rowNumbersWord) + ((<usize>sample) << 5);
    const query = address(p, queriesWord) + at(sample) * size;
    project(target, query, 1, load<f64>(numbers, 8) != 0, <f32>load<f64>(numbers), size, target);
  }
}

/** Adds the own class's gradient of a sample. */
// @inline
function addOwnClass(p: usize, sample: i32, target: usize): void {
  const size = integer(p, sizeWord);
  const factor = load<f32>(address(p, ownFactorsWord) + at(sample));
  const own = ownRow(p, sample);
  for (let k = 0; k < size; k++) {
    store<f32>(target + at(k), load<f32>(target + at(k)) + factor * load<f32>(own + at(k)));
  }
}

/** Adds up the groups' gradients of a sample. */
function addGroups(p: usize, sample: i32, target: usize): void {
  const size = integer(p, sizeWord);
  const groups = integer(p, groupCountWord);
  const stride = integer(p, strideWord);
  const factors = address(p, groupFactorsWord);
  const bytes = partialBytes(p);
  const first = address(p, partialsWord) + at(sample * roundUp(size, tileColumns));
  memory.fill(target, 0, at(size));
  for (let group = 0; group < groups; group++) {
    const factor: f32 = factors ? load<f32>(factors + at(group * stride + sample)) : 1;
    const source = first + <usize>group * bytes;
    let k = 0;
    for (; k + 4 <= size; k += 4) {
      const term = f32x4.mul(f32x4.splat(factor), v128.load(source + at(k)));
      v128.store(target + at(k), f32x4.add(v128.load(target + at(k)), term));
    }
    for (; k < size; k++) {
      store<f32>(target + at(k), load<f32>(target + at(k)) + factor * load<f32>(source + at(k)));
    }
  }
}
