import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import {
  type BankBlock,
  type BankBlocks,
  bankRowsGradient,
  embeddingsGradient,
  logitsOf,
  openBank,
  similarityGradient,
} from './bank-blocks.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { createRowWriter } from './row-writer.ts';

/** Receives a block and its `dL/dsimilarity` `[rows, batch]`. */
export type SimilaritySink = (block: BankBlock, gradient: tf.Tensor2D, blocks: BankBlocks) => void;

/**
 * Returns the outputs of the `CosineBankLoss` kernel, computed with tfjs operations. It runs on backends without the kernel,
 * and kernels are tested against it. Not differentiable.
 * @param keepBlock receives each block with its `dL/dsimilarity`
 */
export function streamedBankLoss(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  gradients: boolean,
  keepBlock?: SimilaritySink,
): tf.Tensor[] {
  return tf.tidy(() => {
    const blocks = openBank(inputs, options);
    const sums = gradients ? new GradientSums(blocks, inputs, keepBlock) : null;
    const sink = sums && ((block: BankBlock, gradient: tf.Tensor2D) => sums.add(block, gradient));
    const rows = options.criterion.rowLosses(logitsOf(blocks, inputs), sink);
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
  private readonly keepBlock: SimilaritySink | undefined;

  constructor(
    blocks: BankBlocks,
    { bank, bias, rowMargins, outsideNegatives: outside }: BankInputs,
    keepBlock: SimilaritySink | undefined,
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
