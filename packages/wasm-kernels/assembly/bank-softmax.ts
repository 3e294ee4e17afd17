// Softmax cross-entropy of a group, in two passes.
import {
  batchWord,
  blockClassesWord,
  largestWord,
  logSumExpWord,
  mapWord,
  sizeWord,
  strideWord,
  sumsWord,
  weightsWord,
} from '../src/bank-loss-words';
import {
  addToEmbeddingsGradient,
  blockRows,
  classBias,
  derivativesOf,
  keptOf,
  logitScale,
  sampleArrayOf,
  storeBiasGradient,
  storeInverseNorms,
  storeNegativeDots,
} from './bank-block';
import { addToSums, clearPartial, clearSquares, endOf, finishBlock, firstOf } from './bank-groups';
import { applyDerivatives, mapSimilarities } from './bank-map';
import { at, doubleAt, multiplyAdd } from './lanes';
import { exponentialOfNegative } from './logistic';
import { laneSum } from './mathematics';
import { roundUp } from './panel-products';
import { address, integer } from './parameters';
import { tileColumns } from './tile';

/**
 * Stores a block's logits: −∞ for skipped classes and for a sample's own class. Returns their address. Keeps them for the second
 * pass, or with a map the dot products: the map takes less time than another matrix of derivatives takes memory.
 */
function storeLogits(p: usize, rows: usize, first: i32, count: i32, scratch: usize): usize {
  const kept = keptOf(p, first);
  const dots = kept ? kept : scratch;
  storeNegativeDots(p, rows, first, count, dots, scratch);
  const logits = integer(p, mapWord) ? scratch : dots;
  scaleDots(p, first, count, dots, logits, scratch);
  return logits;
}

/** Returns the address of a block's logits in the second pass. */
function restoreLogits(p: usize, rows: usize, first: i32, count: i32, scratch: usize): usize {
  const kept = keptOf(p, first);
  if (!kept) return storeLogits(p, rows, first, count, scratch);
  if (!integer(p, mapWord)) return kept;
  scaleDots(p, first, count, kept, scratch, scratch);
  return scratch;
}

/** Turns dot products into logits. With a map, also stores its derivatives in `scratch`. */
function scaleDots(p: usize, first: i32, count: i32, dots: usize, logits: usize, scratch: usize): void {
  const vectors = at(roundUp(integer(p, batchWord), 4));
  const stride = at(integer(p, strideWord));
  let source = dots;
  if (integer(p, mapWord)) {
    mapSimilarities(p, first, count, dots, logits, derivativesOf(p, scratch));
    source = logits;
  }
  for (let row = 0; row < count; row++) {
    const from = source + <usize>row * stride;
    const to = logits + <usize>row * stride;
    const scale = logitScale(p, first + row);
    const scales = f32x4.splat(scale);
    const biases = f32x4.splat(-classBias(p, first + row));
    for (let o: usize = 0; o < vectors; o += 16) {
      const z = multiplyAdd(scales, v128.load(from + o), biases);
      v128.store(to + o, scale == 0 ? f32x4.splat(-Infinity) : z);
    }
  }
}

/**
 * Computes the log-sum-exp of the negatives of a group, and the gradient of the embeddings in the same pass. Both are
 * relative to the largest logit so far. When that grows, the sums so far are scaled down.
 */
export function softmaxSumsGroup(p: usize, group: i32, scratch: usize): void {
  const end = endOf(p, group);
  const block = integer(p, blockClassesWord);
  const stride = integer(p, strideWord);
  const partial = clearPartial(p, group);
  const isMapped = integer(p, mapWord) != 0;
  const largest = address(p, largestWord) + at(group * stride);
  const sums = address(p, sumsWord) + doubleAt(group * stride);
  for (let i = 0; i < stride; i++) store<f32>(largest + at(i), -1e30);
  memory.fill(sums, 0, doubleAt(stride));
  for (let first = firstOf(p, group); first < end; first += block) {
    const count = min(block, end - first);
    const rows = blockRows(p, first, count, scratch);
    storeInverseNorms(p, rows, first, count);
    const logits = storeLogits(p, rows, first, count, scratch);
    raiseLargest(p, logits, count, largest, sums, partial, scratch);
    addExponentials(p, logits, count, largest, sums, scratch);
    if (isMapped) applyDerivatives(p, count, scratch, derivativesOf(p, scratch));
    if (partial) addToEmbeddingsGradient(p, rows, first, count, scratch, partial, scratch);
  }
}

/** Raises the largest logits to those of a block, and scales down the sums and the gradient so far. */
function raiseLargest(
  p: usize,
  logits: usize,
  count: i32,
  largest: usize,
  sums: usize,
  partial: usize,
  scratch: usize,
): void {
  const batch = integer(p, batchWord);
  const stride = at(integer(p, strideWord));
  const vectors = at(roundUp(batch, 4));
  const columns = at(roundUp(integer(p, sizeWord), tileColumns));
  const top = sampleArrayOf(p, scratch, 0);
  memory.copy(top, largest, vectors);
  for (let row = 0; row < count; row++) {
    const line = logits + <usize>row * stride;
    for (let o: usize = 0; o < vectors; o += 16) {
      v128.store(top + o, f32x4.pmax(v128.load(top + o), v128.load(line + o)));
    }
  }
  for (let sample = 0; sample < batch; sample++) {
    const before = load<f32>(largest + at(sample));
    const now = load<f32>(top + at(sample));
    if (now == before) continue;
    const factor = exponentialOfNegative(f32x4.splat(before - now));
    const total = sums + doubleAt(sample);
    store<f64>(total, load<f64>(total) * <f64>f32x4.extract_lane(factor, 0));
    if (!partial) continue;
    const line = partial + <usize>sample * columns;
    for (let o: usize = 0; o < columns; o += 16) v128.store(line + o, f32x4.mul(factor, v128.load(line + o)));
  }
  memory.copy(largest, top, vectors);
}

/** Stores `exp(z − largest)` in the block's matrix, and adds it to the sums. */
function addExponentials(
  p: usize,
  logits: usize,
  count: i32,
  largest: usize,
  sums: usize,
  target: usize,
): void {
  const batch = integer(p, batchWord);
  const stride = at(integer(p, strideWord));
  const vectors = at(roundUp(batch, 4));
  const blockSums = sampleArrayOf(p, target, 1);
  memory.fill(blockSums, 0, vectors);
  for (let row = 0; row < count; row++) {
    const line = logits + <usize>row * stride;
    const to = target + <usize>row * stride;
    for (let o: usize = 0; o < vectors; o += 16) {
      const e = exponentialOfNegative(f32x4.sub(v128.load(line + o), v128.load(largest + o)));
      v128.store(blockSums + o, f32x4.add(v128.load(blockSums + o), e));
      v128.store(to + o, e);
    }
  }
  addToSums(blockSums, batch, sums);
}

/** Computes the gradients of bank and biases of a group, or updates the bank, once the log-sum-exp over all groups is known. */
export function softmaxGradientsGroup(p: usize, group: i32, scratch: usize): void {
  const end = endOf(p, group);
  const block = integer(p, blockClassesWord);
  const isMapped = integer(p, mapWord) != 0;
  clearSquares(p, group);
  for (let first = firstOf(p, group); first < end; first += block) {
    const count = min(block, end - first);
    const rows = blockRows(p, first, count, scratch);
    const logits = restoreLogits(p, rows, first, count, scratch);
    storeSoftmaxSlopes(p, first, count, logits, scratch);
    if (isMapped) applyDerivatives(p, count, scratch, derivativesOf(p, scratch));
    finishBlock(p, group, rows, first, count, scratch, scratch);
  }
}

/** Stores `dL/dlogit` of a block, and the gradients of its biases. */
function storeSoftmaxSlopes(p: usize, first: i32, count: i32, logits: usize, target: usize): void {
  const vectors = at(roundUp(integer(p, batchWord), 4));
  const stride = at(integer(p, strideWord));
  const weights = address(p, weightsWord);
  const logSumExp = address(p, logSumExpWord);
  for (let row = 0; row < count; row++) {
    const line = logits + <usize>row * stride;
    const to = target + <usize>row * stride;
    let slopes = f32x4.splat(0);
    for (let o: usize = 0; o < vectors; o += 16) {
      const probability = exponentialOfNegative(f32x4.sub(v128.load(line + o), v128.load(logSumExp + o)));
      const slope = f32x4.mul(v128.load(weights + o), probability);
      slopes = f32x4.add(slopes, slope);
      v128.store(to + o, slope);
    }
    storeBiasGradient(p, first + row, laneSum(slopes));
  }
}
