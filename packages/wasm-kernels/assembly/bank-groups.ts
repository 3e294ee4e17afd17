// What the losses share: a group's range of classes, its gradient of the embeddings, and the end of a block.
import {
  bankGradientWord,
  biasGradientWord,
  blockClassesWord,
  classCountWord,
  groupBlocksWord,
  partialsWord,
  squaresWord,
  updateWord,
} from '../src/bank-loss-words';
import { bankRowAddress, storeInverseNorms, storeOwnClasses } from './bank-block';
import { partialBytes, writeBankGradient } from './bank-rows';
import { at, doubleAt } from './lanes';
import { address, integer } from './parameters';

/** Returns the first class of a group. */
// @inline
export function firstOf(p: usize, group: i32): i32 {
  return group * integer(p, groupBlocksWord) * integer(p, blockClassesWord);
}

/** Returns the class behind the last one of a group. */
// @inline
export function endOf(p: usize, group: i32): i32 {
  return min(integer(p, classCountWord), firstOf(p, group + 1));
}

/** Clears a group's gradient of the unit embeddings and returns its address, or 0 without that gradient. */
export function clearPartial(p: usize, group: i32): usize {
  const partials = address(p, partialsWord);
  if (!partials) return 0;
  const partial = partials + <usize>group * partialBytes(p);
  memory.fill(partial, 0, partialBytes(p));
  return partial;
}

/** Adds a block's sums of the samples, in float32, to those of the group. */
export function addToSums(blockSums: usize, batch: i32, sums: usize): void {
  for (let sample = 0; sample < batch; sample++) {
    const total = sums + doubleAt(sample);
    store<f64>(total, load<f64>(total) + <f64>load<f32>(blockSums + at(sample)));
  }
}

/**
 * Adds the samples' own classes to a block of `dL/dlogit`, and writes the gradients of the block's rows and biases, or updates the rows.
 */
export function finishBlock(
  p: usize,
  group: i32,
  rows: usize,
  first: i32,
  count: i32,
  slopes: usize,
  scratch: usize,
): void {
  const bank = address(p, bankGradientWord) != 0 || integer(p, updateWord) != 0;
  if (bank || address(p, biasGradientWord)) storeOwnClasses(p, first, count, slopes);
  if (!bank) return;
  const squares = writeBankGradient(p, rows, first, count, slopes, scratch);
  if (integer(p, updateWord) == 0) return;
  const total = address(p, squaresWord) + doubleAt(group);
  store<f64>(total, load<f64>(total) + squares);
}

/** Sets the sum of squares of a group's gradient to 0. */
export function clearSquares(p: usize, group: i32): void {
  const squares = address(p, squaresWord);
  if (squares) store<f64>(squares + doubleAt(group), 0);
}

/** Stores the inverse norms of a group's rows of the bank, and its largest norm in place of the sum of squares. */
export function normsGroup(p: usize, group: i32): void {
  const first = firstOf(p, group);
  const largest = storeInverseNorms(p, bankRowAddress(p, first), first, endOf(p, group) - first);
  store<f64>(address(p, squaresWord) + doubleAt(group), largest);
}
