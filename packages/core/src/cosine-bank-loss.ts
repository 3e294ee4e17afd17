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
import { cosineBankLossKernel, findBankLossKernel } from './bank-loss-kernel.ts';
import {
  type BankInputs,
  type BankOptions,
  type ResolvedBankOptions,
  resolveBankOptions,
} from './bank-options.ts';
import { checkBankInputs } from './check-inputs.ts';
import { bceRows, emptySum, negativeLogSumExpRows, softmaxRows } from './criteria.ts';
import { createRowWriter } from './row-writer.ts';
import { restrictToClasses, scatterToAllClasses } from './sample-classes.ts';
import { hasSynchronousReads, shareStorage } from './storage.ts';
import { operation, stopGradient } from './tape.ts';

/**
 * Returns the computation behind every loss of this project:
 * `criterion(scale · margin(similarity(embeddings, bank)) − bias, labels)`, averaged over the rows.
 *
 * It streams over blocks of classes with closed-form gradients and never materialises a `batch × numClasses` matrix. BCE
 * takes one pass (three matrix products, two for a bank without a gradient), softmax one more for its log-sum-exp. Memory
 * beyond inputs and gradients: `O(batch · blockSize)`.
 *
 * Differentiable in `embeddings`, `bank` (unless `bankGradient: false`) and `bias`. Works with plain
 * `@tensorflow/tfjs-core`, which registers no gradients. Runs the kernel `CosineBankLoss` of the backend if registered.
 *
 * @returns scalar: the mean over the rows of the sum over the classes
 * @throws ShapeError, ConfigError before any computation; the losses check values
 */
export function cosineBankLoss(inputs: BankInputs, options: BankOptions): tf.Scalar {
  const resolved = resolveBankOptions(options);
  checkBankInputs(inputs, resolved);
  const { embeddings, bank, bias } = inputs;
  // A bank without a gradient is not recorded on the tape; the closure captures it.
  const differentiable = [embeddings, ...(resolved.bankGradient ? [bank] : []), ...(bias ? [bias] : [])];
  const gradients = tf.engine().state.gradientDepth > 0;
  return operation(
    differentiable,
    () => {
      const [loss, ...partials] = compute(inputs, resolved, gradients);
      return { value: loss as tf.Scalar, saved: partials };
    },
    (dy, partials) => {
      // The upstream gradient is 1 if the loss itself is minimised. Then no second copy of the bank's gradient is needed.
      if (hasSynchronousReads() && dy.dataSync()[0] === 1) return partials.map(shareStorage);
      return partials.map((partial) => tf.mul(partial, dy));
    },
  );
}

function compute(inputs: BankInputs, options: ResolvedBankOptions, gradients: boolean): tf.Tensor[] {
  const kernel = findBankLossKernel();
  const { embeddings, labels, bank, bias, classes } = inputs;
  if (!kernel || (classes && !kernel.takesClasses) || kernel.supports?.(inputs, options) === false) {
    if (!classes) return streamedBankLoss(inputs, options, gradients);
    const outputs = compute(restrictToClasses(inputs, classes), options, gradients);
    return gradients ? scatterToAllClasses(outputs, inputs, classes, options) : outputs;
  }
  const kernelInputs = { embeddings, labels, bank, ...(bias && { bias }), ...(classes && { classes }) };
  const attributes = { ...options, gradients } as unknown as tf.NamedAttrMap;
  const outputs = tf.engine().runKernel(cosineBankLossKernel, kernelInputs, attributes);
  return (Array.isArray(outputs) ? outputs : [outputs]) as tf.Tensor[];
}

/**
 * Returns the outputs of the `CosineBankLoss` kernel, computed with tfjs operations. It runs on backends without the kernel,
 * and kernels are tested against it. Not differentiable.
 */
export function streamedBankLoss(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  gradients: boolean,
): tf.Tensor[] {
  return tf.tidy(() => {
    const blocks = openBank(inputs, options);
    const sums = gradients ? new GradientSums(blocks, inputs) : null;
    const rowsOf = options.criterion === 'softmax' ? softmaxRows : bceRows;
    const rows = rowsOf(blocks, inputs, sums && ((block, gradient) => sums.add(block, gradient)));
    const loss = tf.mul(tf.sum(tf.mul(rows, blocks.rowWeights)), options.weight);
    return [loss, ...(sums ? sums.finish() : [])];
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

  constructor(blocks: BankBlocks, { bank, bias }: BankInputs) {
    const { options, numClasses } = blocks;
    this.blocks = blocks;
    this.rowWeights = tf.mul(blocks.rowWeights, options.weight);
    this.bank = options.bankGradient ? createRowWriter(numClasses, bank.shape[1]) : null;
    const unified = bias?.shape[0] === 1;
    this.unifiedBias = bias && unified ? new Accumulator<tf.Tensor1D>() : null;
    this.diverseBias = bias && !unified ? createRowWriter(numClasses, 1) : null;
  }

  add(block: BankBlock, logitGradient: tf.Tensor2D): void {
    const weighted = tf.mul(logitGradient, this.rowWeights) as tf.Tensor2D;
    // The logits subtract the bias, hence the sign. Two steps, because the wasm backend sums values sequentially, with an
    // error of 1e-4 for the entries of one block.
    const byClass = this.unifiedBias || this.diverseBias ? tf.neg(tf.sum(weighted, 1, true)) : null;
    if (byClass) this.unifiedBias?.add(tf.reshape(tf.sum(byClass), [1]));
    if (byClass) this.diverseBias?.write(block.start, byClass as tf.Tensor2D);
    const gradient = similarityGradient(weighted, block, this.blocks);
    this.unit.add(tf.matMul(tf.transpose(gradient), block.rows.unit) as tf.Tensor2D);
    this.bank?.write(block.start, bankRowsGradient(gradient, block, this.blocks));
  }

  finish(): tf.Tensor[] {
    const gradients: tf.Tensor[] = [embeddingsGradient(this.unit.take(), this.blocks)];
    if (this.bank) gradients.push(this.bank.finish());
    if (this.unifiedBias) gradients.push(this.unifiedBias.take());
    if (this.diverseBias) gradients.push(tf.reshape(this.diverseBias.finish(), [this.blocks.numClasses]));
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
    const selected = inputs.classes ? restrictToClasses(inputs, inputs.classes) : inputs;
    const rows = negativeLogSumExpRows(openBank(selected, resolved), selected);
    const counts = tf.greater(rows, emptySum);
    const sum = tf.sum(tf.where(counts, rows, tf.zerosLike(rows)));
    return tf.reshape(tf.div(sum, tf.maximum(tf.sum(tf.cast(counts, 'float32')), 1)), [1]) as tf.Tensor1D;
  });
}
