// One block of classes of the loss over a bank. Matrices are class-major, `[classes, stride]`: the numbers of a class
// stay in registers, the bank is read in place, and nothing is transposed.
import {
  bankWord,
  batchWord,
  biasGradientWord,
  biasWord,
  blockClassesWord,
  centersWord,
  classesWord,
  diverseWord,
  inverseWord,
  labelsWord,
  logitsWord,
  mapWord,
  mixtureRowsWord,
  mixtureSharesWord,
  normalisedWord,
  ownGradientsWord,
  ownSlopesWord,
  queryColumnsWord,
  scaleFloat,
  sizeWord,
  skipEmptyWord,
  strideWord,
} from '../src/bank-loss-words';
import { keepBestCenters } from './bank-map';
import { at, doubleSum, highDoubles, lowDoubles, multiplyAdd } from './lanes';
import { multiplyPanels, packScaled, roundUp } from './panel-products';
import { address, float, integer } from './parameters';
import { tileBytes, tileColumns } from './tile';

const minimumNorm: f64 = 1e-5;

// A thread's scratch memory holds, in this order: the block's matrix, a spare tile, an array over the classes of the
// block, two arrays over the samples, packed rows, rows gathered from the bank, and the derivatives of a map.

// @inline
export function spareOf(p: usize, scratch: usize): usize {
  return scratch + at(integer(p, blockClassesWord) * integer(p, strideWord));
}

// @inline
function factorsOf(p: usize, scratch: usize): usize {
  return spareOf(p, scratch) + tileBytes;
}

// @inline
export function sampleArrayOf(p: usize, scratch: usize, which: i32): usize {
  return factorsOf(p, scratch) + at(integer(p, blockClassesWord) + which * integer(p, strideWord));
}

// @inline
export function packedOf(p: usize, scratch: usize): usize {
  return sampleArrayOf(p, scratch, 2);
}

// @inline
function gatheredOf(p: usize, scratch: usize): usize {
  return packedOf(p, scratch) + at(integer(p, blockClassesWord) * roundUp(integer(p, sizeWord), tileColumns));
}

/** Whether the rows of a block are copied: some classes are selected, or other rows are mixed in. */
// @inline
function isGathered(p: usize): bool {
  return address(p, classesWord) != 0 || address(p, mixtureRowsWord) != 0;
}

/** Returns where the first pass keeps a block's numbers for the second one, or 0 if it keeps none. */
export function keptOf(p: usize, first: i32): usize {
  const kept = address(p, logitsWord);
  return kept ? kept + at(first) * integer(p, strideWord) : 0;
}

/** Returns the address of the derivatives of a block's map. */
export function derivativesOf(p: usize, scratch: usize): usize {
  const gathered = gatheredOf(p, scratch);
  return isGathered(p) ? gathered + at(integer(p, blockClassesWord) * integer(p, sizeWord)) : gathered;
}

/** Returns the row of the bank for a class. */
// @inline
export function bankRow(p: usize, place: i32): i32 {
  const classes = address(p, classesWord);
  return classes ? load<i32>(classes + at(place)) : place;
}

/** Returns the address of the bank's row for a class. */
// @inline
export function bankRowAddress(p: usize, place: i32): usize {
  return address(p, bankWord) + at(bankRow(p, place)) * integer(p, sizeWord);
}

/** Returns the address of a block's contiguous rows: in the bank itself, or gathered from it. */
export function blockRows(p: usize, first: i32, count: i32, scratch: usize): usize {
  if (!isGathered(p)) return bankRowAddress(p, first);
  const size = integer(p, sizeWord);
  const gathered = gatheredOf(p, scratch);
  for (let row = 0; row < count; row++) copyRow(p, first + row, gathered + at(row * size));
  return gathered;
}

/** Returns the share of other rows in the row of a class. */
// @inline
export function mixtureShare(p: usize, place: i32): f32 {
  const shares = address(p, mixtureSharesWord);
  return shares ? load<f32>(shares + at(bankRow(p, place))) : 0;
}

/** Copies the row of a class, with its share of the other row mixed into the unit row. */
export function copyRow(p: usize, place: i32, target: usize): void {
  const size = integer(p, sizeWord);
  const row = bankRowAddress(p, place);
  const share = mixtureShare(p, place);
  if (share == 0) {
    memory.copy(target, row, at(size));
    return;
  }
  const other = address(p, mixtureRowsWord) + at(bankRow(p, place)) * size;
  const factor = <f32>((1 - <f64>share) * inverseNorm(norm(row, size)));
  const factors = f32x4.splat(factor);
  const shares = f32x4.splat(share);
  let k = 0;
  for (; k + 4 <= size; k += 4) {
    const mixedIn = f32x4.mul(shares, v128.load(other + at(k)));
    v128.store(target + at(k), multiplyAdd(factors, v128.load(row + at(k)), mixedIn));
  }
  for (; k < size; k++) {
    store<f32>(target + at(k), factor * load<f32>(row + at(k)) + share * load<f32>(other + at(k)));
  }
}

/** Returns the norm of a row. The sum in float64 neither overflows nor underflows. */
export function norm(row: usize, size: i32): f64 {
  let sum = f64x2.splat(0);
  let k = 0;
  for (; k + 4 <= size; k += 4) {
    const values = v128.load(row + at(k));
    const low = lowDoubles(values);
    const high = highDoubles(values);
    sum = f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
  }
  let squares = doubleSum(sum);
  for (; k < size; k++) {
    const value = <f64>load<f32>(row + at(k));
    squares += value * value;
  }
  return Math.sqrt(squares);
}

/** Returns `1 / max(‖row‖, 1e-5)` from the norm of a row. */
// @inline
export function inverseNorm(length: f64): f64 {
  return 1 / max(length, minimumNorm);
}

/**
 * Whether the gradient of a row is projected. It is not if the norm is below the minimum, because the divisor is
 * constant.
 */
// @inline
export function isProjected(length: f64): bool {
  return length > minimumNorm;
}

/** Stores the inverse norms of a block's rows. Returns the largest norm, NaN if one is NaN. */
export function storeInverseNorms(p: usize, rows: usize, first: i32, count: i32): f64 {
  const size = integer(p, sizeWord);
  const inverse = address(p, inverseWord);
  const normalised = integer(p, normalisedWord);
  const skipEmpty = integer(p, skipEmptyWord);
  let largest: f64 = 0;
  for (let row = 0; row < count; row++) {
    const length = norm(rows + at(row * size), size);
    const factor = normalised ? inverseNorm(length) : 1;
    store<f32>(inverse + at(first + row), skipEmpty && length == 0 ? 0 : <f32>factor);
    largest = max(largest, length);
  }
  return largest;
}

/**
 * Stores the dot products of a block's rows with the unit embeddings, and −∞ for a sample's own class, which is no
 * negative.
 */
export function storeNegativeDots(
  p: usize,
  rows: usize,
  first: i32,
  count: i32,
  dots: usize,
  scratch: usize,
): void {
  const batch = integer(p, batchWord);
  const stride = integer(p, strideWord);
  const size = integer(p, sizeWord);
  const centers = integer(p, centersWord);
  const columns = roundUp(batch, tileColumns);
  const packed = address(p, queryColumnsWord);
  const spare = spareOf(p, scratch);
  multiplyPanels(count, columns, size, rows, at(size), 4, packed, dots, at(stride), false, spare);
  const labels = address(p, labelsWord);
  for (let sample = 0; sample < batch; sample++) {
    const own = load<i32>(labels + at(sample)) - first;
    if (<u32>own >= <u32>count) continue;
    const begin = own - (own % centers);
    for (let row = begin; row < begin + centers; row++)
      store<f32>(dots + at(row * stride + sample), -Infinity);
  }
  if (centers > 1) keepBestCenters(p, first, count, dots);
}

/** Returns the factor of a class's dot products. */
// @inline
export function classScale(p: usize, place: i32): f32 {
  return float(p, scaleFloat) * load<f32>(address(p, inverseWord) + at(place));
}

/** Returns the factor from a class's dot products, or its changed similarities, to logits; 0 if the class is skipped. */
// @inline
export function logitScale(p: usize, place: i32): f32 {
  const scale = classScale(p, place);
  return integer(p, mapWord) != 0 && scale != 0 ? float(p, scaleFloat) : scale;
}

/** Returns the bias of a class, which is subtracted from its logits. */
// @inline
export function classBias(p: usize, place: i32): f32 {
  const bias = address(p, biasWord);
  if (!bias) return 0;
  return load<f32>(bias + (integer(p, diverseWord) ? at(bankRow(p, place)) : 0));
}

/** Stores the gradient of a class's bias. It is negative, because a bias is subtracted from the logits. */
// @inline
export function storeBiasGradient(p: usize, place: i32, slopes: f32): void {
  const target = address(p, biasGradientWord);
  if (target) store<f32>(target + at(bankRow(p, place)), -slopes);
}

/** Stores the samples' own classes in a block of `dL/dlogit`, and adds them to the gradients of the biases. */
export function storeOwnClasses(p: usize, first: i32, count: i32, slopes: usize): void {
  const batch = integer(p, batchWord);
  const stride = integer(p, strideWord);
  const labels = address(p, labelsWord);
  const bias = address(p, biasGradientWord);
  for (let sample = 0; sample < batch; sample++) {
    const own = load<i32>(labels + at(sample)) - first;
    if (<u32>own >= <u32>count) continue;
    const gradient = load<f32>(address(p, ownGradientsWord) + at(sample));
    store<f32>(slopes + at(own * stride + sample), gradient);
    if (!bias) continue;
    const target = bias + at(bankRow(p, first + own));
    store<f32>(target, load<f32>(target) - load<f32>(address(p, ownSlopesWord) + at(sample)));
  }
}

/** Adds `slopesᵀ · (scale · unit rows)` of a block to the gradient of the unit embeddings. */
export function addToEmbeddingsGradient(
  p: usize,
  rows: usize,
  first: i32,
  count: i32,
  slopes: usize,
  partial: usize,
  scratch: usize,
): void {
  const size = integer(p, sizeWord);
  const stride = at(integer(p, strideWord));
  const factors = factorsOf(p, scratch);
  const packed = packedOf(p, scratch);
  for (let row = 0; row < count; row++) store<f32>(factors + at(row), classScale(p, first + row));
  packScaled(rows, size, count, factors, packed);
  const batch = integer(p, batchWord);
  const columns = roundUp(size, tileColumns);
  const spare = spareOf(p, scratch);
  multiplyPanels(batch, columns, count, slopes, 4, stride, packed, partial, at(columns), true, spare);
}
