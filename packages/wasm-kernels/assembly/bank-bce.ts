// Binary cross-entropy of a group.
import {
  batchWord,
  blockClassesWord,
  groupSlopesWord,
  mapWord,
  normsKnownWord,
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
import { exponentialOfNegative, logarithmOfOnePlus } from './logistic';
import { laneSum } from './mathematics';
import { roundUp } from './panel-products';
import { address, integer } from './parameters';

/**
 * Computes `Σ_j softplus(z_j)` of the negatives of a group for each sample, and all gradients in the same pass. Keeps the gradients
 * of the similarities if the bank is updated later.
 */
export function bceGroup(p: usize, group: i32, scratch: usize): void {
  const end = endOf(p, group);
  const block = integer(p, blockClassesWord);
  const partial = clearPartial(p, group);
  const stride = integer(p, strideWord);
  const slopeSums = address(p, groupSlopesWord) + doubleAt(group);
  const sums = address(p, sumsWord) + doubleAt(group * stride);
  store<f64>(slopeSums, 0);
  memory.fill(sums, 0, doubleAt(stride));
  clearSquares(p, group);
  for (let first = firstOf(p, group); first < end; first += block) {
    const count = min(block, end - first);
    const rows = blockRows(p, first, count, scratch);
    if (!integer(p, normsKnownWord)) storeInverseNorms(p, rows, first, count);
    const kept = keptOf(p, first);
    const slopes = kept ? kept : scratch;
    storeSimilarityGradients(p, rows, first, count, slopes, scratch, sums, slopeSums);
    if (partial) addToEmbeddingsGradient(p, rows, first, count, slopes, partial, scratch);
    finishBlock(p, group, rows, first, count, slopes, scratch);
  }
}

/** Updates the bank with its gradient of a group: the kept gradients of the similarities, or those computed once more. */
export function bceUpdatesGroup(p: usize, group: i32, scratch: usize): void {
  const end = endOf(p, group);
  const block = integer(p, blockClassesWord);
  clearSquares(p, group);
  for (let first = firstOf(p, group); first < end; first += block) {
    const count = min(block, end - first);
    const rows = blockRows(p, first, count, scratch);
    const kept = keptOf(p, first);
    const slopes = kept ? kept : scratch;
    if (!kept) storeSimilarityGradients(p, rows, first, count, slopes, scratch, 0, 0);
    finishBlock(p, group, rows, first, count, slopes, scratch);
  }
}

/** Stores `dL/dsimilarity` of a block's negatives. Adds losses and slopes to the group's sums, unless their addresses are 0. */
function storeSimilarityGradients(
  p: usize,
  rows: usize,
  first: i32,
  count: i32,
  slopes: usize,
  scratch: usize,
  sums: usize,
  slopeSums: usize,
): void {
  const derivatives = derivativesOf(p, scratch);
  const isMapped = integer(p, mapWord) != 0;
  storeNegativeDots(p, rows, first, count, slopes, scratch);
  if (isMapped) mapSimilarities(p, first, count, slopes, slopes, derivatives);
  storeBceSlopes(p, first, count, slopes, scratch, sums, slopeSums);
  if (isMapped) applyDerivatives(p, count, slopes, derivatives);
}

/** Replaces a block's dot products with `dL/dlogit`, and adds losses of the samples and slopes to the group's sums. */
function storeBceSlopes(
  p: usize,
  first: i32,
  count: i32,
  dots: usize,
  scratch: usize,
  sums: usize,
  groupSlopes: usize,
): void {
  const vectors = at(roundUp(integer(p, batchWord), 4));
  const stride = at(integer(p, strideWord));
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const weights = address(p, weightsWord);
  const losses = sampleArrayOf(p, scratch, 0);
  memory.fill(losses, 0, vectors);
  let slopeSum: f64 = 0;
  for (let row = 0; row < count; row++) {
    const line = dots + <usize>row * stride;
    const scale = logitScale(p, first + row);
    if (scale == 0) {
      memory.fill(line, 0, vectors);
      storeBiasGradient(p, first + row, 0);
      continue;
    }
    const scales = f32x4.splat(scale);
    const biases = f32x4.splat(-classBias(p, first + row));
    let slopes = zero;
    for (let o: usize = 0; o < vectors; o += 16) {
      const weight = v128.load(weights + o);
      const z = multiplyAdd(scales, v128.load(line + o), biases);
      const e = exponentialOfNegative(f32x4.neg(f32x4.abs(z)));
      const softplus = f32x4.add(f32x4.pmax(z, zero), logarithmOfOnePlus(e));
      const numerator = v128.bitselect(one, e, f32x4.ge(z, zero));
      const slope = f32x4.mul(weight, f32x4.div(numerator, f32x4.add(one, e)));
      v128.store(losses + o, f32x4.add(v128.load(losses + o), softplus));
      slopes = f32x4.add(slopes, slope);
      v128.store(line + o, slope);
    }
    const sum = laneSum(slopes);
    slopeSum += <f64>sum;
    storeBiasGradient(p, first + row, sum);
  }
  if (!sums) return;
  store<f64>(groupSlopes, load<f64>(groupSlopes) + slopeSum);
  addToSums(losses, integer(p, batchWord), sums);
}
