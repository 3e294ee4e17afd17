// Binary cross-entropy of a group.
import {
  batchWord,
  blockClassesWord,
  groupNumbersWord,
  strideWord,
  weightsWord,
} from '../src/bank-loss-words';
import {
  addToEmbeddingsGradient,
  blockRows,
  classBias,
  classScale,
  storeBiasGradient,
  storeInverseNorms,
  storeNegativeDots,
} from './bank-block';
import { clearPartial, endOf, finishBlock, firstOf } from './bank-groups';
import { at, multiplyAdd } from './lanes';
import { exponentialOfNegative, logarithmOfOnePlus } from './logistic';
import { laneSum } from './mathematics';
import { roundUp } from './panel-products';
import { address, integer } from './parameters';
/** Computes `Σ_i w_i softplus(z)` of the negatives of a group, and all gradients in the same pass. */
export function bceGroup(p: usize, group: i32, scratch: usize): void {
  const end = endOf(p, group);
  const block = integer(p, blockClassesWord);
  const partial = clearPartial(p, group);
  const numbers = address(p, groupNumbersWord) + ((<usize>group) << 4);
  store<f64>(numbers, 0);
  store<f64>(numbers, 0, 8);
  for (let first = firstOf(p, group); first < end; first += block) {
    const count = min(block, end - first);
    const rows = blockRows(p, first, count, scratch);
    storeInverseNorms(p, rows, first, count);
    storeNegativeDots(p, rows, first, count, scratch, scratch);
    storeBceSlopes(p, first, count, scratch, numbers);
    if (partial) addToEmbeddingsGradient(p, rows, first, count, scratch, partial, scratch);
    finishBlock(p, rows, first, count, scratch);
  }
}

/** Replaces a block's dot products with `dL/dlogit`, and adds loss and slopes to the group's sums. */
function storeBceSlopes(p: usize, first: i32, count: i32, dots: usize, numbers: usize): void {
  const vectors = at(roundUp(integer(p, batchWord), 4));
  const stride = at(integer(p, strideWord));
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const weights = address(p, weightsWord);
  let lossSum: f64 = 0;
  let slopeSum: f64 = 0;
  for (let row = 0; row < count; row++) {
    const line = dots + <usize>row * stride;
    const scale = classScale(p, first + row);
    if (scale == 0) {
      memory.fill(line, 0, vectors);
      storeBiasGradient(p, first + row, 0);
      continue;
    }
    const scales = f32x4.splat(scale);
    const biases = f32x4.splat(-classBias(p, first + row));
    let losses = zero;
    let slopes = zero;
    for (let o: usize = 0; o < vectors; o += 16) {
      const weight = v128.load(weights + o);
      const z = multiplyAdd(scales, v128.load(line + o), biases);
      const e = exponentialOfNegative(f32x4.neg(f32x4.abs(z)));
      const softplus = f32x4.add(f32x4.pmax(z, zero), logarithmOfOnePlus(e));
      const numerator = v128.bitselect(one, e, f32x4.ge(z, zero));
      const slope = f32x4.mul(weight, f32x4.div(numerator, f32x4.add(one, e)));
      losses = multiplyAdd(weight, softplus, losses);
      slopes = f32x4.add(slopes, slope);
      v128.store(line + o, slope);
    }
    const sum = laneSum(slopes);
    lossSum += <f64>laneSum(losses);
    slopeSum += <f64>sum;
    storeBiasGradient(p, first + row, sum);
  }
  store<f64>(numbers, load<f64>(numbers) + lossSum);
  store<f64>(numbers, load<f64>(numbers, 8) + slopeSum, 8);
}
