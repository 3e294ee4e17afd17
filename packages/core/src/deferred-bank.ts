import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import { type BankBlock, type BankBlocks, sliceMixture } from './bank-blocks.ts';
import { cosineBankUpdateKernel } from './bank-loss-kernel.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { openBankRows } from './bank-rows.ts';
import type { BlockOptimizer, PendingUpdate } from './bank-update.ts';
import { readRows } from './read-rows.ts';
import { createRowWriter } from './row-writer.ts';
import { hasSynchronousReads, isShared, shareStorage } from './storage.ts';

/** An update of a bank that waits for the gradient of its loss. */
export abstract class DeferredBank implements PendingUpdate {
  readonly variable: tf.Variable;
  /** `dL/dloss`: the factor of the gradient; null before the backward pass. */
  private upstream: number | tf.Scalar | null = null;
  readonly isApplied: boolean = false;
  private readonly held: tf.Tensor[] = [];

  protected constructor(variable: tf.Variable) {
    this.variable = variable;
  }

  get factor(): number | null {
    return typeof this.upstream === 'object' && this.upstream ? Number.NaN : this.upstream;
  }

  /** Takes the upstream gradient of the loss. */
  setUpstream(dy: tf.Tensor): void {
    this.upstream = hasSynchronousReads()
      ? (dy.dataSync()[0] as number)
      : this.hold(tf.clone(dy) as tf.Scalar);
  }

  apply(optimizer: BlockOptimizer): tf.Scalar {
    return this.update(optimizer, this.upstream ?? 0);
  }

  dispose(): void {
    for (const tensor of this.held.splice(0)) tensor.dispose();
  }

  /** Updates the variable with the gradient times a factor. Returns the sum of its squares. */
  protected abstract update(optimizer: BlockOptimizer, factor: number | tf.Scalar): tf.Scalar;

  /** Keeps a tensor until the update is disposed of. */
  protected hold<T extends tf.Tensor>(tensor: T): T {
    this.held.push(tf.keep(tensor));
    return tensor;
  }
}

/** An update of a bank by the kernel `CosineBankUpdate`. */
export class KernelBankUpdate extends DeferredBank {
  private readonly inputs: tf.NamedTensorMap;
  private readonly options: ResolvedBankOptions;
  private readonly batch: number;

  /**
   * @param inputs of the kernel `CosineBankLoss`
   * @param workspace its last output
   */
  constructor(
    variable: tf.Variable,
    { embeddings, bias, hardFactor, mixtureRows, mixtureShares }: tf.NamedTensorMap,
    options: ResolvedBankOptions,
    workspace: tf.Tensor,
  ) {
    super(variable);
    const given = Object.entries({ bias, hardFactor, mixtureRows, mixtureShares, workspace });
    const present = given.filter((entry): entry is [string, tf.Tensor] => entry[1] !== undefined);
    // Variables outlive the step; other inputs belong to it.
    const keep = (tensor: tf.Tensor) =>
      tensor instanceof tf.Variable ? tensor : this.hold(shareStorage(tensor));
    this.inputs = Object.fromEntries(present.map(([name, tensor]) => [name, keep(tensor)]));
    this.options = options;
    this.batch = embeddings!.shape[0] as number;
  }

  protected override update(optimizer: BlockOptimizer, factor: number): tf.Scalar {
    makePrivate(this.variable);
    const update = optimizer.beginBlocks(this.variable);
    const attributes = {
      ...this.options,
      batch: this.batch,
      rule: { ...update.rule, gradientFactor: factor },
    };
    const [squares] = tf
      .engine()
      .runKernel(
        cosineBankUpdateKernel,
        { ...this.inputs, bank: this.variable, ...slotInputs(update.slots) },
        attributes as unknown as tf.NamedAttrMap,
      ) as tf.Tensor[];
    update.finish(update.slots);
    return squares as tf.Scalar;
  }
}

/** An update of a bank that has been made together with its loss. */
export class AppliedBankUpdate extends DeferredBank {
  override readonly isApplied = true;
  private readonly squares: tf.Scalar;

  constructor(variable: tf.Variable, squares: tf.Scalar) {
    super(variable);
    this.squares = this.hold(squares);
  }

  protected override update(): tf.Scalar {
    return tf.clone(this.squares);
  }
}

/** What a block of classes keeps for the gradient of its rows. */
interface KeptBlock {
  readonly start: number;
  readonly count: number;
  /** `[rows, batch]`: `dL/dsimilarity`. */
  readonly gradient: tf.Tensor2D;
  /** `[rows, 1]`: the gradient of the unit rows along themselves. */
  readonly radial: tf.Tensor2D;
}

/**
 * An update of a bank with tfjs operations, one block at a time. It keeps `dL/dsimilarity` of all blocks, `batch / size` as many
 * numbers as the gradient of the bank.
 */
export class StreamedBankUpdate extends DeferredBank {
  private readonly kept: KeptBlock[] = [];
  private readonly inputs: Pick<BankInputs, 'mixture'>;
  private readonly options: ResolvedBankOptions;
  private queries: tf.Tensor2D | null = null;

  constructor(variable: tf.Variable, { mixture }: BankInputs, options: ResolvedBankOptions) {
    super(variable);
    const keep = <T extends tf.Tensor>(tensor: T): T =>
      tensor instanceof tf.Variable ? tensor : this.hold(shareStorage(tensor));
    this.inputs = { mixture: mixture && { rows: keep(mixture.rows), shares: keep(mixture.shares) } };
    this.options = options;
  }

  /** Keeps a block. @param gradient `[rows, batch]`: `dL/dsimilarity` */
  readonly keep = (block: BankBlock, gradient: tf.Tensor2D, { queries }: BankBlocks): void => {
    this.queries ??= this.hold(tf.clone(queries.unit) as tf.Tensor2D);
    // ŵ · Σ g x̂ = Σ g cos avoids a second pass over the embedding dimension.
    const radial = tf.sum(tf.mul(gradient, block.similarities), 1, true) as tf.Tensor2D;
    const { start, count } = block;
    this.kept.push({ start, count, gradient: this.hold(gradient), radial: this.hold(radial) });
  };

  protected override update(optimizer: BlockOptimizer, factor: number | tf.Scalar): tf.Scalar {
    const { variable, kept, queries, options } = this;
    const { centers } = options;
    const bank = variable as tf.Tensor as tf.Tensor2D;
    const squares = new Accumulator<tf.Scalar>();
    const update = optimizer.beginBlocks(variable);
    return tf.tidy(() => {
      const writers = [bank, ...update.slots].map(() => createRowWriter(...bank.shape));
      for (const { start, count, gradient, radial } of kept) {
        tf.tidy(() => {
          const read = (tensor: tf.Tensor) =>
            readRows(tensor as tf.Tensor2D, start * centers, count * centers);
          const rows = read(bank);
          const opened = openBankRows(rows, sliceMixture(this.inputs.mixture, start, count), options);
          const direct = tf.matMul(gradient, queries as tf.Tensor2D) as tf.Tensor2D;
          const ofRows = tf.mul(opened.gradient(direct, radial), factor);
          squares.add(tf.sum(tf.sum(tf.square(ofRows), 1)) as tf.Scalar);
          const results = update.apply(rows, ofRows, update.slots.map(read));
          results.forEach((result, index) => {
            writers[index]!.write(start * centers, result as tf.Tensor2D);
          });
        });
      }
      const [value, ...slots] = writers.map((writer) => tf.keep(writer.finish()));
      variable.assign(value as tf.Tensor);
      value?.dispose();
      update.finish(slots);
      return squares.take();
    });
  }
}

/** Gives a variable memory of its own, so that a kernel may write to it. */
export function makePrivate(variable: tf.Variable): void {
  if (isShared(variable)) tf.tidy(() => variable.assign(tf.mul(variable, 1)));
}

/** Returns the slots by the names of the kernels' inputs. */
export function slotInputs([firstSlot, secondSlot]: readonly tf.Tensor[]): tf.NamedTensorMap {
  return { ...(firstSlot && { firstSlot }), ...(secondSlot && { secondSlot }) };
}
