import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import {
  type BankBlock,
  type BankBlocks,
  bankRowsGradient,
  embeddingsGradient,
  openBank,
  similarityGradient,
} from './bank-blocks.ts';
import { cosineBankLossKernel, cosineBankUpdateKernel, findBankLossKernel } from './bank-loss-kernel.ts';
import type { BankInputs, BankOptions, ResolvedBankOptions } from './bank-options.ts';
import type { PendingUpdates } from './bank-update.ts';
import { checkBankInputs } from './check-inputs.ts';
import { bceRows, emptySum, negativeLogSumExpRows, softmaxRows } from './criteria.ts';
import {
  AppliedBankUpdate,
  type DeferredBank,
  KernelBankUpdate,
  makePrivate,
  StreamedBankUpdate,
  slotInputs,
} from './deferred-bank.ts';
import { hasKernel } from './describe-backend.ts';
import { resolveBankOptions } from './resolve-bank-options.ts';
import { createRowWriter } from './row-writer.ts';
import { restrictToClasses, scatterToAllClasses } from './sample-classes.ts';
import { hasSynchronousReads, shareStorage } from './storage.ts';
import { operation, stopGradient } from './tape.ts';

/**
 * Returns the computation behind every loss of this project:
 * `criterion(scale · map(margin(similarity(embeddings, bank))) − bias, labels)`, averaged over the rows.
 *
 * It streams over blocks of classes with closed-form gradients and never materialises a `batch × numClasses` matrix. BCE
 * takes one pass (three matrix products, two for a bank without a gradient), softmax one more for its log-sum-exp. Memory
 * beyond inputs and gradients: `O(batch · blockSize)`.
 *
 * Differentiable in `embeddings`, `bank` (unless `bankGradient: false`), `bias`, `rowMargins` and `outsideNegatives`. Works with
 * plain `@tensorflow/tfjs-core`, which registers no gradients. Runs the kernel `CosineBankLoss` of the backend if registered.
 *
 * @returns scalar: the mean over the rows of the sum over the classes; with `reduction: 'none'`, `[batch]`: the loss of each
 *   row, times its weight. Its gradient takes another evaluation, once the upstream gradient is known.
 * @throws ShapeError, ConfigError before any computation; the losses check values
 */
export function cosineBankLoss<Options extends BankOptions>(
  inputs: BankInputs,
  options: Options,
): Options extends { readonly reduction: 'none' } ? tf.Tensor1D : tf.Scalar;
export function cosineBankLoss(inputs: BankInputs, options: BankOptions): tf.Scalar | tf.Tensor1D {
  const resolved = resolveBankOptions(options);
  checkBankInputs(inputs, resolved);
  return resolved.reduction === 'none' ? lossOfRows(inputs, resolved) : meanLoss(inputs, resolved, null);
}

/**
 * Returns `cosineBankLoss`, and with it the loss of each row, computed in the same pass.
 * @param options `reduction` is ignored
 * @param updates takes the update of `inputs.bank`, a variable, in place of its gradient, if it accepts the variable and
 *   `canDeferBank` holds
 * @returns `loss`: the mean; `rowLosses`: `[batch]`, not on the tape, 0 for a skipped row; kept until the caller disposes of it
 * @throws ShapeError, ConfigError before any computation
 */
export function cosineBankLossWithRows(
  inputs: BankInputs,
  options: BankOptions,
  updates?: PendingUpdates,
): { loss: tf.Scalar; rowLosses: tf.Tensor1D } {
  const given = resolveBankOptions(options);
  // Resolved options pass unchanged, so that a step checks nothing again.
  const resolved = given.reduction === 'mean' ? given : resolveBankOptions({ ...given, reduction: 'mean' });
  checkBankInputs(inputs, resolved);
  const kept: { rowLosses?: tf.Tensor1D } = {};
  const loss =
    updates && canDeferBank(inputs, resolved) && updates.accepts(inputs.bank as tf.Variable)
      ? lossWithUpdate(inputs, resolved, kept, updates)
      : meanLoss(inputs, resolved, kept);
  return { loss, rowLosses: kept.rowLosses as tf.Tensor1D };
}

function meanLoss(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  keep: { rowLosses?: tf.Tensor1D } | null,
): tf.Scalar {
  const gradients = tf.engine().state.gradientDepth > 0;
  return operation(
    differentiableInputs(inputs, options),
    () => {
      const [loss, rowLosses, ...partials] = compute(inputs, options, gradients);
      if (keep) keep.rowLosses = tf.keep(rowLosses as tf.Tensor1D);
      return { value: loss as tf.Scalar, saved: partials };
    },
    (dy, partials) => {
      // The upstream gradient is 1 if the loss itself is minimised. Then no second copy of the bank's gradient is needed.
      if (hasSynchronousReads() && dy.dataSync()[0] === 1) return partials.map(shareStorage);
      return partials.map((partial) => tf.mul(partial, dy));
    },
  );
}

/**
 * Returns whether the gradient of a bank can be a pending update: the bank is a variable, all of its classes take part (SGD with momentum
 * changes the others too), and no bias waits for the same second pass.
 */
export function canDeferBank(
  { bank, bias, classes }: BankInputs,
  { bankGradient, criterion }: ResolvedBankOptions,
): boolean {
  const waits = criterion === 'softmax' && bias !== undefined && bias.shape[0] !== 1;
  return (
    bankGradient && bank instanceof tf.Variable && !classes && !waits && tf.engine().state.gradientDepth > 0
  );
}

/** Returns the loss, and adds the update of the bank to `updates` in place of its gradient. */
function lossWithUpdate(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  keep: { rowLosses?: tf.Tensor1D },
  updates: PendingUpdates,
): tf.Scalar {
  const withoutBank = { ...options, bankGradient: false };
  let update: DeferredBank | undefined;
  return operation(
    [...differentiableInputs(inputs, withoutBank), updates.link],
    () => {
      const computed = computeWithUpdate(inputs, withoutBank, updates);
      update = computed.update;
      updates.add(update);
      const [loss, rowLosses, ...partials] = computed.outputs;
      keep.rowLosses = tf.keep(rowLosses as tf.Tensor1D);
      return { value: loss as tf.Scalar, saved: partials };
    },
    (dy, partials) => {
      update?.setUpstream(dy);
      const isOne = hasSynchronousReads() && dy.dataSync()[0] === 1;
      return [
        ...partials.map((partial) => (isOne ? shareStorage(partial) : tf.mul(partial, dy))),
        tf.scalar(0),
      ];
    },
  );
}

/** Returns the outputs of the loss without the gradient of the bank, and the update of the bank. */
function computeWithUpdate(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  updates: PendingUpdates,
): { outputs: tf.Tensor[]; update: DeferredBank } {
  const variable = inputs.bank as tf.Variable<tf.Rank.R2>;
  const kernel = findBankLossKernel();
  if (!kernel || !hasKernel(cosineBankUpdateKernel) || kernel.supports?.(inputs, options) === false) {
    const update = new StreamedBankUpdate(variable, inputs, options);
    return { outputs: streamedBankLoss(inputs, options, true, update.keep), update };
  }
  const named = kernelInputs(inputs);
  const run = (more: tf.NamedTensorMap, bankUpdate: unknown) =>
    tf.engine().runKernel(cosineBankLossKernel, { ...named, ...more }, {
      ...options,
      gradients: true,
      bankUpdate,
    } as unknown as tf.NamedAttrMap) as tf.Tensor[];
  if (updates.mayApply(variable) && kernel.prefersUpdateWithLoss?.(inputs, options)) {
    makePrivate(variable);
    const change = updates.optimizer.beginBlocks(variable);
    const outputs = run(slotInputs(change.slots), { ...change.rule, gradientFactor: 1 });
    const update = new AppliedBankUpdate(variable, outputs.pop() as tf.Scalar);
    if (Number.isFinite(outputs[0]!.dataSync()[0])) change.finish(change.slots);
    return { outputs, update };
  }
  const outputs = run({}, 'later');
  return { outputs, update: new KernelBankUpdate(variable, named, options, outputs.pop() as tf.Tensor) };
}

function lossOfRows(inputs: BankInputs, options: ResolvedBankOptions): tf.Tensor1D {
  const { rowWeights } = inputs;
  const named = kernelInputs(inputs);
  return operation(
    differentiableInputs(inputs, options),
    () => {
      const rowLosses = compute(inputs, options, false)[1] as tf.Tensor1D;
      const value: tf.Tensor1D = rowWeights ? tf.mul(rowLosses, rowWeights) : rowLosses;
      return { value, saved: Object.values(named) };
    },
    (dy, saved) => {
      const kept = namedInputs(
        Object.fromEntries(Object.keys(named).map((name, index) => [name, saved[index]!])),
      );
      const weights: tf.Tensor1D = kept.rowWeights ? tf.mul(dy, kept.rowWeights) : dy;
      return compute({ ...kept, rowWeights: weights }, options, true).slice(2);
    },
  );
}

/** Returns the inputs that get a gradient. A bank without one is not recorded on the tape; the closure captures it. */
function differentiableInputs(
  { embeddings, bank, bias, rowMargins, outsideNegatives }: BankInputs,
  { bankGradient }: ResolvedBankOptions,
): tf.Tensor[] {
  const inputs = [
    embeddings,
    bankGradient && bank,
    bias,
    rowMargins?.angle,
    rowMargins?.cosine,
    outsideNegatives,
  ];
  return inputs.filter((input): input is tf.Tensor2D => Boolean(input));
}

function compute(inputs: BankInputs, options: ResolvedBankOptions, gradients: boolean): tf.Tensor[] {
  const kernel = findBankLossKernel();
  const { classes } = inputs;
  if (!kernel || (classes && !kernel.takesClasses) || kernel.supports?.(inputs, options) === false) {
    if (!classes) return streamedBankLoss(inputs, options, gradients);
    const outputs = compute(restrictToClasses(inputs, classes, options), options, gradients);
    return gradients ? scatterToAllClasses(outputs, inputs, classes, options) : outputs;
  }
  const attributes = { ...options, gradients } as unknown as tf.NamedAttrMap;
  const outputs = tf.engine().runKernel(cosineBankLossKernel, kernelInputs(inputs), attributes);
  return (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[];
}

/** Returns the inputs of the kernel by name; see `cosineBankLossKernel`. */
function kernelInputs({ rowMargins, mixture, ...inputs }: BankInputs): tf.NamedTensorMap {
  const named = {
    ...inputs,
    angleMargins: rowMargins?.angle,
    cosineMargins: rowMargins?.cosine,
    mixtureRows: mixture?.rows,
    mixtureShares: mixture?.shares,
  };
  const given = Object.entries(named).filter(
    (entry): entry is [string, tf.Tensor2D] => entry[1] !== undefined,
  );
  return Object.fromEntries(given);
}

/** Undoes `kernelInputs`. */
function namedInputs({
  angleMargins,
  cosineMargins,
  mixtureRows,
  mixtureShares,
  ...named
}: tf.NamedTensorMap) {
  return {
    ...named,
    rowMargins: { angle: angleMargins, cosine: cosineMargins },
    mixture: mixtureRows && { rows: mixtureRows, shares: mixtureShares },
  } as BankInputs;
}

/**
 * Returns the outputs of the `CosineBankLoss` kernel, computed with tfjs operations. It runs on backends without the kernel,
 * and kernels are tested against it. Not differentiable.
 * @param keepBlock receives each block with its `dL/dsimilarity`
 */
export function streamedBankLoss(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  gradients: boolean,
  keepBlock?: StreamedBankUpdate['keep'],
): tf.Tensor[] {
  return tf.tidy(() => {
    const blocks = openBank(inputs, options);
    const sums = gradients ? new GradientSums(blocks, inputs, keepBlock) : null;
    const rowsOf = options.criterion === 'softmax' ? softmaxRows : bceRows;
    const rows = rowsOf(blocks, inputs, sums && ((block, gradient) => sums.add(block, gradient)));
    const weighted = tf.mul(rows, options.weight);
    const loss = tf.sum(tf.mul(weighted, blocks.rowWeights));
    const rowLosses = tf.reshape(tf.mul(weighted, blocks.counted), [blocks.batch]);
    return [loss, rowLosses, ...(sums ? sums.finish() : [])];
  });
}

/** Accumulates the gradients of all inputs, block by block. */
class GradientSums {
  private readonly blocks: BankBlocks;
  private readonly rowWeights: tf.Tensor2D;
  private readonly unit = new Accumulator<tf.Tensor2D>();
  private readonly bank;
  private readonly unifiedBias: Accumulator<tf.Tensor1D> | null;
  private readonly diverseBias;
  /** `[1, batch]`: `dL/dlogit` of the own classes, for the margins of the rows. */
  private readonly own: Accumulator<tf.Tensor2D> | null;
  private readonly outside;
  private readonly keepBlock: StreamedBankUpdate['keep'] | undefined;

  constructor(
    blocks: BankBlocks,
    { bank, bias, rowMargins, outsideNegatives: outside }: BankInputs,
    keepBlock: StreamedBankUpdate['keep'] | undefined,
  ) {
    const { options, numClasses, batch } = blocks;
    this.blocks = blocks;
    this.keepBlock = keepBlock;
    this.rowWeights = tf.mul(blocks.rowWeights, options.weight);
    this.bank = options.bankGradient ? createRowWriter(...bank.shape) : null;
    const unified = bias?.shape[0] === 1;
    this.unifiedBias = bias && unified ? new Accumulator<tf.Tensor1D>() : null;
    this.diverseBias = bias && !unified ? createRowWriter(numClasses, 1) : null;
    this.own = rowMargins?.angle || rowMargins?.cosine ? new Accumulator<tf.Tensor2D>() : null;
    this.outside = outside
      ? {
          shape: outside.shape,
          writer: createRowWriter(outside.shape.at(-1)!, outside.rank === 1 ? 1 : batch),
        }
      : null;
  }

  add(block: BankBlock, logitGradient: tf.Tensor2D): void {
    const weighted = tf.mul(logitGradient, this.rowWeights) as tf.Tensor2D;
    // The logits subtract the bias, hence the sign. Two steps, because the wasm backend sums values sequentially, with an
    // error of 1e-4 for the entries of one block.
    const byClass = this.unifiedBias || this.diverseBias ? tf.neg(tf.sum(weighted, 1, true)) : null;
    if (byClass) this.unifiedBias?.add(tf.reshape(tf.sum(byClass), [1]));
    if (!block.rows) {
      this.addOutside(block, weighted);
      return;
    }
    if (byClass) this.diverseBias?.write(block.start, byClass as tf.Tensor2D);
    if (this.own) {
      const own = tf.where(block.isPositive as tf.Tensor2D, weighted, tf.zerosLike(weighted));
      this.own.add(tf.sum(own, 0, true) as tf.Tensor2D);
    }
    const gradient = similarityGradient(weighted, block, this.blocks);
    this.unit.add(tf.matMul(tf.transpose(gradient), block.rows.unit) as tf.Tensor2D);
    this.keepBlock?.(block, gradient, this.blocks);
    const start = block.start * this.blocks.options.centers;
    this.bank?.write(start, bankRowsGradient(gradient, block.rows, block, this.blocks));
  }

  private addOutside({ start }: BankBlock, weighted: tf.Tensor2D): void {
    if (!this.outside) return;
    const gradient = tf.mul(weighted, this.blocks.options.scale) as tf.Tensor2D;
    this.outside.writer.write(start, this.outside.shape.length === 1 ? tf.sum(gradient, 1, true) : gradient);
  }

  finish(): tf.Tensor[] {
    const { positives, numClasses, options } = this.blocks;
    const gradients: tf.Tensor[] = [embeddingsGradient(this.unit.take(), this.blocks)];
    if (this.bank) gradients.push(this.bank.finish());
    if (this.unifiedBias) gradients.push(this.unifiedBias.take());
    if (this.diverseBias) gradients.push(tf.reshape(this.diverseBias.finish(), [numClasses]));
    const own = this.own?.take();
    const { angle, cosine } = positives?.byRowMargins ?? {};
    for (const byMargin of [angle, cosine]) {
      if (own && byMargin) gradients.push(tf.reshape(tf.mul(tf.mul(own, byMargin), options.scale), [-1]));
    }
    if (this.outside) {
      const { writer, shape } = this.outside;
      gradients.push(shape.length === 1 ? tf.reshape(writer.finish(), [-1]) : tf.transpose(writer.finish()));
    }
    return gradients;
  }
}

/**
 * Returns the mean over the rows of `log Σ_{j≠y} exp(scale · similarity_j)`, streamed and without a gradient. It is the
 * initial bias of USS and of sample-to-sample BCE (official code of UniTSFace). Rows without negatives do not count.
 * @returns `[1]`; 0 if no row has a negative
 */
export function meanNegativeLogSumExp(
  inputs: Omit<BankInputs, 'bias'>,
  options: Pick<BankOptions, 'scale' | 'similarity' | 'emptyRows' | 'blockSize'>,
): tf.Tensor1D {
  const resolved = resolveBankOptions({ ...options, criterion: 'softmax', bankGradient: false });
  checkBankInputs(inputs, resolved);
  return stopGradient(() => {
    const selected = inputs.classes ? restrictToClasses(inputs, inputs.classes, resolved) : inputs;
    const rows = negativeLogSumExpRows(openBank(selected, resolved), selected);
    const counts = tf.greater(rows, emptySum);
    const sum = tf.sum(tf.where(counts, rows, tf.zerosLike(rows)));
    return tf.reshape(tf.div(sum, tf.maximum(tf.sum(tf.cast(counts, 'float32')), 1)), [1]) as tf.Tensor1D;
  });
}
