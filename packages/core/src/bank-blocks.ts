import * as tf from '@tensorflow/tfjs-core';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { applyMargins, type MarginResult } from './margins.ts';
import { type NormalizedRows, normalizeRows, normalizeRowsGradient } from './normalize-rows.ts';
import { readRows } from './read-rows.ts';

/**
 * A batch against a bank, one block of classes at a time. Matrices stand class-major, `[classes, batch]`: then
 * every product, forward and backward, is a plain one without a transposed operand, which stock wasm needs to be
 * fast. Tensors made here belong to the enclosing `tf.tidy`.
 */
export interface BankBlocks {
  readonly batch: number;
  readonly numClasses: number;
  readonly blockSize: number;
  /** `[batch, size]` normalised (or raw, for `similarity: 'dot'`) embeddings. */
  readonly queries: NormalizedRows;
  /** `[size, batch]`. */
  readonly queriesTransposed: tf.Tensor2D;
  /** `[1, batch]` int32, or null with soft targets. */
  readonly labels: tf.Tensor2D | null;
  /** `[batch, numClasses]` soft targets, or null. */
  readonly softTargets: tf.Tensor2D | null;
  /** The positives after the margins, or null where no margin changes them. */
  readonly positives: { readonly shift: tf.Tensor2D; readonly derivative: tf.Tensor2D } | null;
  /** `[1, batch]`: each row's share in the mean (0 for samples of classes not seen yet). */
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
  /** `[count, batch]` bool: the entry of a row's own class; null with soft targets. */
  readonly isPositive: tf.Tensor2D | null;
  /** `[count, 1]` float32: 0 for classes to be skipped; null if there are none. */
  readonly present: tf.Tensor2D | null;
}

/** 1 MB of float32 for the larger of a block's bank rows and its logits; some 20 such tensors live at a time. */
const blockElements = 2 ** 18;

export function openBank(inputs: BankInputs, options: ResolvedBankOptions): BankBlocks {
  const { embeddings, labels, bank } = inputs;
  const [batch, size] = embeddings.shape;
  const numClasses = bank.shape[0];
  const fitting = Math.max(64, Math.floor(blockElements / Math.max(batch, size, 1)));
  const queries = asUnit(embeddings, options);
  const hardLabels = labels.rank === 1 ? (tf.cast(labels, 'int32') as tf.Tensor1D) : null;
  const own =
    hardLabels && needsOwnRows(options) ? asUnit(tf.gather(bank, hardLabels) as tf.Tensor2D, options) : null;
  const share = tf.fill([1, batch], 1 / batch) as tf.Tensor2D;
  return {
    batch,
    numClasses,
    blockSize: Math.min(numClasses, options.blockSize ?? fitting),
    queries,
    queriesTransposed: tf.transpose(queries.unit),
    labels: hardLabels && tf.reshape(hardLabels, [1, batch]),
    softTargets: hardLabels ? null : (labels as tf.Tensor2D),
    positives: own && options.margins.length > 0 ? ownPositives(queries, own, options) : null,
    rowWeights: own && options.emptyRows === 'skip' ? presentShare(own, batch) : share,
    options,
  };
}

function needsOwnRows({ margins, emptyRows }: ResolvedBankOptions): boolean {
  return margins.length > 0 || emptyRows === 'skip';
}

/** Rows scaled to unit length, or as they are for raw products. */
function asUnit(rows: tf.Tensor2D, { similarity }: ResolvedBankOptions): NormalizedRows {
  if (similarity === 'cosine') return normalizeRows(rows);
  const nonZero = tf.cast(tf.greater(tf.max(tf.abs(rows), 1, true), 0), 'float32') as tf.Tensor2D;
  return { unit: rows, inverseNorm: tf.onesLike(nonZero), projected: tf.zerosLike(nonZero), nonZero };
}

function ownPositives(queries: NormalizedRows, own: NormalizedRows, options: ResolvedBankOptions) {
  const cosine = tf.sum(tf.mul(queries.unit, own.unit), 1) as tf.Tensor1D;
  const { value, derivative }: MarginResult = applyMargins(cosine, options.margins);
  const row = (tensor: tf.Tensor1D): tf.Tensor2D => tf.reshape(tensor, [1, tensor.size]);
  return { shift: row(tf.sub(value, cosine)), derivative: row(derivative) };
}

function presentShare(own: NormalizedRows, batch: number): tf.Tensor2D {
  const present = tf.reshape(own.nonZero, [1, batch]);
  return tf.div(present, tf.maximum(tf.sum(present), 1)) as tf.Tensor2D;
}

/** Calls `visit` for each block inside a `tf.tidy` of its own, so that no two blocks are held at a time. */
export function forEachBlock(
  blocks: BankBlocks,
  { bank, bias }: BankInputs,
  visit: (block: BankBlock) => void,
): void {
  const { numClasses, blockSize, options, queriesTransposed, labels, positives } = blocks;
  for (let start = 0; start < numClasses; start += blockSize) {
    tf.tidy(() => {
      const count = Math.min(blockSize, numClasses - start);
      const rows = asUnit(readRows(bank, start, count), options);
      const similarities = tf.matMul(rows.unit, queriesTransposed) as tf.Tensor2D;
      const classes = tf.reshape(tf.range(start, start + count, 1, 'int32'), [count, 1]);
      const isPositive = labels && (tf.equal(classes, labels) as tf.Tensor2D);
      const withMargin =
        positives && isPositive
          ? tf.add(similarities, tf.mul(tf.cast(isPositive, 'float32'), positives.shift))
          : similarities;
      const scaled = tf.mul(withMargin, options.scale);
      const logits = (bias ? tf.sub(scaled, biasBlock(bias, start, count)) : scaled) as tf.Tensor2D;
      const present = options.emptyRows === 'skip' ? rows.nonZero : null;
      visit({ start, count, rows, similarities, logits, isPositive, present });
    });
  }
}

function biasBlock(bias: tf.Tensor1D, start: number, count: number): tf.Tensor2D {
  if (bias.shape[0] === 1) return tf.reshape(bias, [1, 1]);
  return readRows(tf.reshape(bias, [bias.size, 1]), start, count);
}

/** `[count, batch]`: the targets of a block, after label smoothing. */
export function targetsOf(block: BankBlock, blocks: BankBlocks): tf.Tensor2D {
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
 * From `dL/dlogit` to `dL/dsimilarity`: the scale, the derivative of the margin at the positives, and each row's
 * share in the mean.
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

/** Gradient of a block's bank rows: `Σ_i g_ij x̂_i`, through the normalisation of the row. */
export function bankRowsGradient(
  gradient: tf.Tensor2D,
  block: BankBlock,
  { queries }: BankBlocks,
): tf.Tensor2D {
  const direct = tf.matMul(gradient, queries.unit) as tf.Tensor2D;
  // ŵ · Σ g x̂ = Σ g cos: no second pass over the embedding dimension.
  const radial = tf.sum(tf.mul(gradient, block.similarities), 1, true) as tf.Tensor2D;
  return normalizeRowsGradient(block.rows, direct, radial);
}

/** Gradient of the raw embeddings from the sum over all blocks of `gᵀ ŵ`, `[batch, size]`. */
export function embeddingsGradient(unitGradient: tf.Tensor2D, { queries }: BankBlocks): tf.Tensor2D {
  const radial = tf.sum(tf.mul(unitGradient, queries.unit), 1, true) as tf.Tensor2D;
  return normalizeRowsGradient(queries, unitGradient, radial);
}
