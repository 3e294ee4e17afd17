import * as tf from '@tensorflow/tfjs-core';
import type { BankInputs, BankMixture, ResolvedBankOptions } from './bank-options.ts';
import { type BankRows, gatherMixture, openBankRows, placesOfRows } from './bank-rows.ts';
import type { BatchLogits, LogitBlock } from './criterion.ts';
import { applyMargins } from './margins.ts';
import { type NormalizedRows, normalizeRowsGradient } from './normalize-rows.ts';
import { readRows } from './read-rows.ts';
import { isDetached, mapNegatives } from './similarity-map.ts';

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
  /** The similarities to the own classes; null if nothing distinguishes them from the others. */
  readonly positives: Positives | null;
  /** `[1, batch]`: 0 for a skipped sample of an unseen class, else 1. */
  readonly counted: tf.Tensor2D;
  /** `[1, batch]`: the factor of each row in the loss: its share in the mean times its weight. */
  readonly rowWeights: tf.Tensor2D;
  readonly options: ResolvedBankOptions;
}

/** Similarities to the own classes with margins and map, and derivatives; all `[1, batch]`. */
interface Positives {
  readonly value: tf.Tensor2D;
  readonly derivative: tf.Tensor2D;
  readonly byRowMargins: { readonly angle: tf.Tensor2D | null; readonly cosine: tf.Tensor2D | null };
  /** What a hard negative exceeds: the value without the branch of an angular margin. */
  readonly hardThreshold: tf.Tensor2D;
}

/** One block of logits, and what the gradients of its classes need. */
export interface BankBlock extends LogitBlock {
  /** Null for outside negatives. */
  readonly rows: BankRows | null;
  /** `[count · centers, batch]`: similarities before margins and map. */
  readonly similarities: tf.Tensor2D;
  /** `[count, batch]`: derivative of the map at the other classes; null where it is 1. */
  readonly derivative: tf.Tensor2D | null;
  /** `[count, centers, batch]` float32: 1 for the center that scores, else 0; null for one center. */
  readonly chosen: tf.Tensor3D | null;
}

/** 1 MB of float32 for the larger of a block's bank rows and its logits. About 20 such tensors exist at a time. */
const blockElements = 2 ** 18;

/** Returns a batch prepared for its blocks: normalised embeddings, the margins of its positives, and the block size. */
export function openBank(inputs: BankInputs, options: ResolvedBankOptions): BankBlocks {
  const { embeddings, labels, bank } = inputs;
  const [batch, size] = embeddings.shape;
  const numClasses = bank.shape[0] / options.centers;
  const defaultSize = Math.max(
    Math.ceil(64 / options.centers),
    Math.floor(blockElements / (Math.max(batch, size, 1) * options.centers)),
  );
  const queries = openBankRows(embeddings, null, options);
  const hardLabels = labels.rank === 1 ? (tf.cast(labels, 'int32') as tf.Tensor1D) : null;
  const own = hardLabels && needsOwnRows(options) ? ownRows(inputs, hardLabels, options) : null;
  const counted =
    own && options.emptyRows === 'skip' ? tf.reshape(own.nonZero, [1, batch]) : tf.ones([1, batch]);
  return {
    batch,
    numClasses,
    blockSize: Math.min(numClasses, options.blockSize ?? defaultSize),
    queries,
    queriesTransposed: tf.transpose(queries.unit),
    labels: hardLabels && tf.reshape(hardLabels, [1, batch]),
    softTargets: hardLabels ? null : (labels as tf.Tensor2D),
    positives:
      own && changesPositives(options)
        ? computePositives(ownSimilarity(queries, own), inputs, options)
        : null,
    counted: counted as tf.Tensor2D,
    rowWeights: weighRows(counted, inputs, options),
    options,
  };
}

function needsOwnRows(options: ResolvedBankOptions): boolean {
  return changesPositives(options) || options.emptyRows === 'skip';
}

function changesPositives({ margins, similarityMap, negativeMargin }: ResolvedBankOptions): boolean {
  return margins.length > 0 || similarityMap !== undefined || negativeMargin !== undefined;
}

/** Returns the rows of the own classes, `[batch · centers, size]`. */
function ownRows(
  { bank, mixture, shard }: BankInputs,
  labels: tf.Tensor1D,
  options: ResolvedBankOptions,
): NormalizedRows {
  // Only the shard of the own class reads what is mixed into its row.
  const held = shard ? (tf.maximum(labels, tf.scalar(0, 'int32')) as tf.Tensor1D) : labels;
  const places = placesOfRows(held, options.centers);
  const mixed = mixture ? gatherMixture(mixture, places) : null;
  return openBankRows(shard?.ownRows ?? tf.gather(bank, places), mixed, options);
}

/** The similarity of each sample with its own class, and the sine of their angle, `[batch]`. */
interface OwnSimilarity {
  readonly cosine: tf.Tensor1D;
  readonly sine: tf.Tensor1D;
}

/**
 * Returns the similarities with the own classes. Of unit rows, cosines near ±1 come from the chords, and so do the sines,
 * `‖x̂ − ŵ‖ ‖x̂ + ŵ‖ / 2`: a sum of products has few correct digits of what is missing to ±1, and margins on the angle divide by the
 * sine.
 */
function ownSimilarity(queries: NormalizedRows, own: NormalizedRows): OwnSimilarity {
  const [batch, size] = queries.unit.shape;
  const centers = own.unit.shape[0] / batch;
  const query = tf.reshape(queries.unit, [batch, 1, size]);
  const rows = tf.reshape(own.unit, [batch, centers, size]);
  const products = tf.sum(tf.mul(query, rows), 2);
  const near = tf.sum(tf.square(tf.sub(query, rows)), 2);
  const far = tf.sum(tf.square(tf.add(query, rows)), 2);
  const areUnit = tf.greater(tf.mul(queries.projected, tf.reshape(own.projected, [batch, centers])), 0);
  const nearUnit = tf.where(
    tf.greater(products, 0),
    tf.sub(1, tf.mul(near, 0.5)),
    tf.sub(tf.mul(far, 0.5), 1),
  );
  const isNear = tf.logicalAnd(areUnit, tf.greater(tf.abs(products), 0.5));
  const cosines = tf.where(isNear, nearUnit, products);
  const square = tf.where(areUnit, tf.mul(tf.mul(near, far), 0.25), tf.relu(tf.sub(1, tf.square(products))));
  const sines = tf.sqrt(square);
  if (centers === 1) return { cosine: tf.reshape(cosines, [batch]), sine: tf.reshape(sines, [batch]) };
  const isBest = tf.oneHot(tf.argMax(cosines, 1) as tf.Tensor1D, centers);
  const sine = tf.sum(tf.mul(sines, tf.cast(isBest, 'float32')), 1) as tf.Tensor1D;
  return { cosine: tf.max(cosines, 1) as tf.Tensor1D, sine };
}

function computePositives(
  { cosine: similarity, sine }: OwnSimilarity,
  { rowMargins }: BankInputs,
  { margins, similarityMap: map, cosineLimit }: ResolvedBankOptions,
): Positives {
  const limited =
    cosineLimit === undefined ? similarity : tf.clipByValue(similarity, -cosineLimit, cosineLimit);
  const limitedSine =
    cosineLimit === undefined ? sine : (tf.maximum(sine, Math.sqrt(1 - cosineLimit ** 2)) as tf.Tensor1D);
  const given = { rowMargins, sine: limitedSine };
  const result = applyMargins(limited, margins, {
    ...given,
    beforeCosine: map?.mapPositives?.bind(map),
  });
  const inside = tf.cast(tf.equal(limited, similarity), 'float32');
  const row = (tensor: tf.Tensor): tf.Tensor2D => tf.reshape(tensor, [1, tensor.size]);
  const { angle, cosine } = result.byRowMargins;
  const withoutBranch =
    map?.kind === 'hardNegatives' ? applyMargins(limited, margins, { ...given, withoutBranch: true }) : null;
  return {
    value: row(result.value),
    derivative: row(isDetached(map) ? tf.onesLike(similarity) : tf.mul(result.derivative, inside)),
    byRowMargins: { angle: angle && row(angle), cosine: cosine && row(cosine) },
    hardThreshold: row((withoutBranch ?? result).value),
  };
}

function weighRows(
  counted: tf.Tensor,
  { rowWeights }: BankInputs,
  { reduction }: ResolvedBankOptions,
): tf.Tensor2D {
  const share = reduction === 'none' ? counted : tf.div(counted, tf.maximum(tf.sum(counted), 1));
  return (rowWeights ? tf.mul(share, tf.reshape(rowWeights, [1, -1])) : share) as tf.Tensor2D;
}

/** Returns the logits of all classes and outside negatives, which are computed when their block is visited. */
export function logitsOf(blocks: BankBlocks, inputs: BankInputs): BatchLogits<BankBlock> {
  const { numClasses, blockSize } = blocks;
  const outside = inputs.outsideNegatives?.shape.at(-1) ?? 0;
  return {
    ...blocks,
    numClasses: inputs.shard?.numClasses ?? numClasses,
    totals: inputs.shard?.totals,
    forEachBlock: (visit) => {
      for (let start = 0; start < numClasses; start += blockSize) {
        tf.tidy(() => visit(classBlock(blocks, inputs, start, Math.min(blockSize, numClasses - start))));
      }
      for (let start = 0; start < outside; start += blockSize) {
        tf.tidy(() => visit(outsideBlock(blocks, inputs, start, Math.min(blockSize, outside - start))));
      }
    },
  };
}

function classBlock(
  { batch, options, queriesTransposed, labels, positives }: BankBlocks,
  { bank, bias, mixture, hardFactor }: BankInputs,
  start: number,
  count: number,
): BankBlock {
  const { centers } = options;
  const rows = openBankRows(
    readRows(bank, start * centers, count * centers),
    sliceMixture(mixture, start, count),
    options,
  );
  const similarities = tf.matMul(rows.unit, queriesTransposed) as tf.Tensor2D;
  const { best, chosen } = bestCenters(similarities, [count, centers, batch]);
  const classes = tf.reshape(tf.range(start, start + count, 1, 'int32'), [count, 1]);
  const isPositive = labels && (tf.equal(classes, labels) as tf.Tensor2D);
  const hard = positives && { threshold: positives.hardThreshold, factor: hardFactor };
  const others = mapNegatives(best, options, hard);
  const mapped =
    positives && isPositive
      ? // A sum repeats the row; where and tile do so many times slower on stock wasm.
        tf.where(isPositive, tf.add(tf.zerosLike(others.value), positives.value), others.value)
      : others.value;
  const scaled = tf.mul(mapped, options.scale);
  const logits = (bias ? tf.sub(scaled, readBias(bias, start, count)) : scaled) as tf.Tensor2D;
  const present = options.emptyRows === 'skip' ? rows.nonZero : null;
  return {
    start,
    count,
    rows,
    similarities,
    logits,
    isPositive,
    present,
    derivative: others.derivative,
    chosen,
  };
}

function outsideBlock(
  { batch, options }: BankBlocks,
  { bias, outsideNegatives }: BankInputs,
  start: number,
  count: number,
): BankBlock {
  const outside = outsideNegatives as tf.Tensor;
  const part =
    outside.rank === 1
      ? tf.reshape(tf.slice(outside, start, count), [count, 1])
      : tf.transpose(tf.slice(outside, [0, start], [batch, count]));
  const similarities = tf.add(part, tf.zeros([count, batch])) as tf.Tensor2D;
  const scaled = tf.mul(similarities, options.scale) as tf.Tensor2D;
  return {
    start,
    count,
    rows: null,
    similarities,
    logits: bias ? tf.sub(scaled, tf.reshape(bias, [1, 1])) : scaled,
    isPositive: tf.zeros([count, batch], 'bool'),
    present: null,
    derivative: null,
    chosen: null,
  };
}

/** Returns the part of a mixture for a block of classes; null without one. */
export function sliceMixture(
  mixture: BankInputs['mixture'],
  start: number,
  count: number,
): BankMixture | null {
  if (!mixture) return null;
  return { rows: readRows(mixture.rows, start, count), shares: tf.slice1d(mixture.shares, start, count) };
}

/** Returns the best similarity of each class, `[classes, batch]`, and which of its centers has it. */
function bestCenters(similarities: tf.Tensor2D, [count, centers, batch]: [number, number, number]) {
  if (centers === 1) return { best: similarities, chosen: null };
  const byCenter = tf.reshape(similarities, [count, centers, batch]) as tf.Tensor3D;
  // The first of equal centers, so that one of them gets the gradient.
  const places = tf.reshape(tf.argMax(byCenter, 1), [count, 1, batch]);
  const chosen = tf.cast(
    tf.equal(places, tf.reshape(tf.range(0, centers, 1, 'int32'), [1, centers, 1])),
    'float32',
  );
  return { best: tf.max(byCenter, 1) as tf.Tensor2D, chosen: chosen as tf.Tensor3D };
}

function readBias(bias: tf.Tensor1D, start: number, count: number): tf.Tensor2D {
  if (bias.shape[0] === 1) return tf.reshape(bias, [1, 1]);
  return readRows(tf.reshape(bias, [bias.size, 1]), start, count);
}

/**
 * Returns `dL/dsimilarity` from `dL/dlogit`, `[count · centers, batch]`: multiplies by the scale and by the derivatives of map
 * and margins, and gives each class's gradient to the center that scored.
 */
export function similarityGradient(
  logitGradient: tf.Tensor2D,
  { isPositive, derivative, chosen, count }: BankBlock,
  { positives, options, batch }: BankBlocks,
): tf.Tensor2D {
  const scaled = tf.mul(logitGradient, options.scale) as tf.Tensor2D;
  let gradient = derivative ? tf.mul(scaled, derivative) : scaled;
  if (positives && isPositive)
    gradient = tf.where(isPositive, tf.mul(scaled, positives.derivative), gradient);
  if (!chosen) return gradient as tf.Tensor2D;
  const byCenter = tf.mul(tf.reshape(gradient, [count, 1, batch]), chosen);
  return tf.reshape(byCenter, [count * options.centers, batch]);
}

/** Returns the gradient of a block's bank rows: `Σ_i g_ij x̂_i`, through the normalisation of the row. */
export function bankRowsGradient(
  gradient: tf.Tensor2D,
  rows: BankRows,
  { similarities }: BankBlock,
  { queries }: BankBlocks,
): tf.Tensor2D {
  const direct = tf.matMul(gradient, queries.unit) as tf.Tensor2D;
  // ŵ · Σ g x̂ = Σ g cos avoids a second pass over the embedding dimension.
  const radial = tf.sum(tf.mul(gradient, similarities), 1, true) as tf.Tensor2D;
  return rows.gradient(direct, radial);
}

/** Returns the gradient of the raw embeddings `[batch, size]`, from the sum of `gᵀ ŵ` over all blocks. */
export function embeddingsGradient(unitGradient: tf.Tensor2D, { queries }: BankBlocks): tf.Tensor2D {
  const radial = tf.sum(tf.mul(unitGradient, queries.unit), 1, true) as tf.Tensor2D;
  return normalizeRowsGradient(queries, unitGradient, radial);
}
