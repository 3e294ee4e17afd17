import * as tf from '@tensorflow/tfjs-core';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { applyMargins, type MarginResult } from './margins.ts';
import { type NormalizedRows, normalizeRows, normalizeRowsGradient } from './normalize-rows.ts';
import { readRows } from './read-rows.ts';

/**
 * A batch and the bank it is scored against, one block of classes at a time. Matrices are class-major,
 * `[classes, batch]`: then no product, forward or backward, transposes an operand, which stock wasm computes slowly. The
 * enclosing `tf.tidy` owns the tensors.
 */
export interface BankBlocks {
  readonly batch: number;
  readonly numClasses: number;
  readonly blockSize: number;
  /** `[batch, size]`: normalised embeddings, or raw ones with `similarity: 'dot'`. */
  readonly queries: NormalizedRows;
  /** `[size, batch]`. */
  readonly queriesTransposed: tf.Tensor2D;
  /** `[1, batch]` int32, or null with soft targets. */
  readonly labels: tf.Tensor2D | null;
  /** `[batch, numClasses]` soft targets, or null. */
  readonly softTargets: tf.Tensor2D | null;
  /** `[1, batch]`: what the margins add to each positive similarity, and their derivative; null without margins. */
  readonly positives: { readonly shift: tf.Tensor2D; readonly derivative: tf.Tensor2D } | null;
  /** `[1, batch]`: the share of each row in the mean; 0 for a skipped sample of an unseen class. */
  readonly rowWeights: tf.Tensor2D;
  readonly options: ResolvedBankOptions;
}

/** One block: classes `start … start + count − 1`. */
export interface BankBlock {
  readonly start: number;
  readonly count: number;
  readonly rows: NormalizedRows;
  /** `[count, batch]`: similarities before margins. */
  readonly similarities: tf.Tensor2D;
  /** `[count, batch]`: `scale · margin(similarity) − bias`. */
  readonly logits: tf.Tensor2D;
  /** `[count, batch]` bool: marks the class of each row; null with soft targets. */
  readonly isPositive: tf.Tensor2D | null;
  /** `[count, 1]` float32: 0 for skipped classes, else 1; null unless `emptyRows` is `'skip'`. */
  readonly present: tf.Tensor2D | null;
}

/** 1 MB of float32 for the larger of a block's bank rows and its logits. About 20 such tensors exist at a time. */
const blockElements = 2 ** 18;

/** Returns a batch prepared for its blocks: normalised embeddings, the margins of its positives, and the block size. */
export function openBank(inputs: BankInputs, options: ResolvedBankOptions): BankBlocks {
  const { embeddings, labels, bank } = inputs;
  const [batch, size] = embeddings.shape;
  const numClasses = bank.shape[0];
  const defaultSize = Math.max(64, Math.floor(blockElements / Math.max(batch, size, 1)));
  const queries = normalizeForCosine(embeddings, options);
  const hardLabels = labels.rank === 1 ? (tf.cast(labels, 'int32') as tf.Tensor1D) : null;
  const own =
    hardLabels && needsOwnRows(options)
      ? normalizeForCosine(tf.gather(bank, hardLabels) as tf.Tensor2D, options)
      : null;
  const share = tf.fill([1, batch], 1 / batch) as tf.Tensor2D;
  return {
    batch,
    numClasses,
    blockSize: Math.min(numClasses, options.blockSize ?? defaultSize),
    queries,
    queriesTransposed: tf.transpose(queries.unit),
    labels: hardLabels && tf.reshape(hardLabels, [1, batch]),
    softTargets: hardLabels ? null : (labels as tf.Tensor2D),
    positives: own && options.margins.length > 0 ? computeMarginShift(queries, own, options) : null,
    rowWeights: own && options.emptyRows === 'skip' ? computeSeenShare(own, batch) : share,
    options,
  };
}

function needsOwnRows({ margins, emptyRows }: ResolvedBankOptions): boolean {
  return margins.length > 0 || emptyRows === 'skip';
}

/** Returns rows scaled to unit length, or unchanged rows for raw products. */
function normalizeForCosine(rows: tf.Tensor2D, { similarity }: ResolvedBankOptions): NormalizedRows {
  if (similarity === 'cosine') return normalizeRows(rows);
  const nonZero = tf.cast(tf.greater(tf.max(tf.abs(rows), 1, true), 0), 'float32') as tf.Tensor2D;
  return { unit: rows, inverseNorm: tf.onesLike(nonZero), projected: tf.zerosLike(nonZero), nonZero };
}

function computeMarginShift(queries: NormalizedRows, own: NormalizedRows, options: ResolvedBankOptions) {
  const cosine = tf.sum(tf.mul(queries.unit, own.unit), 1) as tf.Tensor1D;
  const { value, derivative }: MarginResult = applyMargins(cosine, options.margins);
  const row = (tensor: tf.Tensor1D): tf.Tensor2D => tf.reshape(tensor, [1, tensor.size]);
  return { shift: row(tf.sub(value, cosine)), derivative: row(derivative) };
}

function computeSeenShare(own: NormalizedRows, batch: number): tf.Tensor2D {
  const present = tf.reshape(own.nonZero, [1, batch]);
  return tf.div(present, tf.maximum(tf.sum(present), 1)) as tf.Tensor2D;
}

/** Calls `visit` for each block in a separate `tf.tidy`, so that memory holds one block at a time. */
export function forEachBlock(
  blocks: BankBlocks,
  { bank, bias }: BankInputs,
  visit: (block: BankBlock) => void,
): void {
  const { numClasses, blockSize, options, queriesTransposed, labels, positives } = blocks;
  for (let start = 0; start < numClasses; start += blockSize) {
    tf.tidy(() => {
      const count = Math.min(blockSize, numClasses - start);
      const rows = normalizeForCosine(readRows(bank, start, count), options);
      const similarities = tf.matMul(rows.unit, queriesTransposed) as tf.Tensor2D;
      const classes = tf.reshape(tf.range(start, start + count, 1, 'int32'), [count, 1]);
      const isPositive = labels && (tf.equal(classes, labels) as tf.Tensor2D);
      const withMargin =
        positives && isPositive
          ? tf.add(similarities, tf.mul(tf.cast(isPositive, 'float32'), positives.shift))
          : similarities;
      const scaled = tf.mul(withMargin, options.scale);
      const logits = (bias ? tf.sub(scaled, readBias(bias, start, count)) : scaled) as tf.Tensor2D;
      const present = options.emptyRows === 'skip' ? rows.nonZero : null;
      visit({ start, count, rows, similarities, logits, isPositive, present });
    });
  }
}

function readBias(bias: tf.Tensor1D, start: number, count: number): tf.Tensor2D {
  if (bias.shape[0] === 1) return tf.reshape(bias, [1, 1]);
  return readRows(tf.reshape(bias, [bias.size, 1]), start, count);
}

/** Returns the targets of a block after label smoothing, `[count, batch]`. */
export function blockTargets(block: BankBlock, blocks: BankBlocks): tf.Tensor2D {
  const { softTargets, options, batch, numClasses } = blocks;
  const plain = block.isPositive
    ? tf.cast(block.isPositive, 'float32')
    : tf.transpose(tf.slice2d(softTargets as tf.Tensor2D, [0, block.start], [batch, block.count]));
  if (options.labelSmoothing === 0) return plain as tf.Tensor2D;
  return tf.add(
    tf.mul(plain, 1 - options.labelSmoothing),
    options.labelSmoothing / numClasses,
  ) as tf.Tensor2D;
}

/**
 * Returns `dL/dsimilarity` from `dL/dlogit`: multiplies by the scale, and at the positives by the derivative of the
 * margins.
 */
export function similarityGradient(
  logitGradient: tf.Tensor2D,
  { isPositive }: BankBlock,
  { positives, options }: BankBlocks,
): tf.Tensor2D {
  const scaled = tf.mul(logitGradient, options.scale) as tf.Tensor2D;
  if (!positives || !isPositive) return scaled;
  return tf.where(isPositive, tf.mul(scaled, positives.derivative), scaled) as tf.Tensor2D;
}

/** Returns the gradient of a block's bank rows: `Σ_i g_ij x̂_i`, through the normalisation of the row. */
export function bankRowsGradient(
  gradient: tf.Tensor2D,
  block: BankBlock,
  { queries }: BankBlocks,
): tf.Tensor2D {
  const direct = tf.matMul(gradient, queries.unit) as tf.Tensor2D;
  // ŵ · Σ g x̂ = Σ g cos avoids a second pass over the embedding dimension.
  const radial = tf.sum(tf.mul(gradient, block.similarities), 1, true) as tf.Tensor2D;
  return normalizeRowsGradient(block.rows, direct, radial);
}

/** Returns the gradient of the raw embeddings `[batch, size]`, from the sum of `gᵀ ŵ` over all blocks. */
export function embeddingsGradient(unitGradient: tf.Tensor2D, { queries }: BankBlocks): tf.Tensor2D {
  const radial = tf.sum(tf.mul(unitGradient, queries.unit), 1, true) as tf.Tensor2D;
  return normalizeRowsGradient(queries, unitGradient, radial);
}
