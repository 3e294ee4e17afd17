import * as tf from '@tensorflow/tfjs-core';
import { Accumulator } from './accumulator.ts';
import {
  computeBankLoss,
  differentiableInputs,
  type KeptRows,
  timesUpstream,
} from './bank-loss-operation.ts';
import type { FinishOutputs } from './bank-loss-with-update.ts';
import type { BankInputs, ResolvedBankOptions } from './bank-options.ts';
import { placesOfRows } from './bank-rows.ts';
import type { BlockOptimizer, BlockUpdate, PendingUpdates } from './bank-update.ts';
import { restrictToClasses, scatterToAllClasses } from './class-subset.ts';
import { DeferredBank, makePrivate } from './deferred-bank.ts';
import { readRows } from './read-rows.ts';
import { createRowWriter, type RowWriter } from './row-writer.ts';
import { hasReachableMemory, memoryOf, writableMemory } from './storage.ts';
import { operation } from './tape.ts';

/**
 * Returns the loss over some classes of a bank, and adds the update of the bank to `updates` in place of its gradient. The update has the
 * gradients of these classes alone; the others have the gradient 0, with which momentum and decay still move them.
 */
export function sampledBankLossWithUpdate(
  inputs: BankInputs,
  options: ResolvedBankOptions,
  keep: KeptRows,
  updates: PendingUpdates,
  finish: FinishOutputs,
): tf.Scalar {
  const classes = inputs.classes as tf.Tensor1D;
  const withoutBank = { ...options, bankGradient: false };
  let update: SampledBankUpdate | undefined;
  return operation(
    [...differentiableInputs(inputs, withoutBank), updates.link],
    () => {
      const restricted = restrictToClasses(withoutWorkspace(inputs), classes, options);
      const outputs = computeBankLoss(restricted, options, true);
      const [gradient] = outputs.splice(3, 1) as [tf.Tensor2D];
      const places = placesOfRows(classes, options.centers);
      update = new SampledBankUpdate(inputs.bank as tf.Variable, places, gradient);
      updates.add(update);
      const [loss, rowLosses, ...partials] = finish(
        scatterToAllClasses(outputs, inputs, classes, withoutBank),
      );
      keep.rowLosses = tf.keep(rowLosses as tf.Tensor1D);
      return { value: loss as tf.Scalar, saved: partials };
    },
    (dy, partials) => {
      update?.setUpstream(dy);
      return [...timesUpstream(partials, dy), tf.scalar(0)];
    },
  );
}

/** Returns inputs whose kernel computes its first pass again: on other inputs than before, or without gradients. */
export function withoutWorkspace(inputs: BankInputs): BankInputs {
  return inputs.shard ? { ...inputs, shard: { ...inputs.shard, workspace: null } } : inputs;
}

/** Values of a block that is updated at a time: 1 MB. */
const blockValues = 2 ** 18;

/** An update of a bank whose gradient is 0 except in some rows. */
class SampledBankUpdate extends DeferredBank {
  private readonly places: tf.Tensor1D;
  private readonly gradient: tf.Tensor2D;

  /** @param gradient `[places, size]` */
  constructor(variable: tf.Variable, places: tf.Tensor1D, gradient: tf.Tensor2D) {
    super(variable);
    this.places = this.hold(tf.clone(places));
    this.gradient = this.hold(gradient);
  }

  protected override update(optimizer: BlockOptimizer, factor: number | tf.Scalar): tf.Scalar {
    makePrivate(this.variable);
    const update = optimizer.beginBlocks(this.variable);
    return tf.tidy(() => {
      const tensors = [this.variable as tf.Tensor as tf.Tensor2D, ...(update.slots as tf.Tensor2D[])];
      const writers = tensors.map(createWriter);
      const squares = this.updateBlocks(update, tensors, factor, writers);
      const [value, ...slots] = writers.map((writer) => writer.finish());
      if (value !== tensors[0]) this.variable.assign(value!);
      update.finish(slots.map((slot, index) => (slot === update.slots[index] ? slot : tf.keep(slot))));
      return squares;
    });
  }

  /** Updates all rows, block by block, so that nothing of the size of the bank is made. Returns the sum of squares of the gradient. */
  private updateBlocks(
    update: BlockUpdate,
    tensors: readonly tf.Tensor2D[],
    factor: number | tf.Scalar,
    writers: readonly RowWriter[],
  ): tf.Scalar {
    const [rows, size] = tensors[0]!.shape;
    const order = Array.from(this.places.dataSync(), (place, row) => ({ place, row }));
    order.sort((a, b) => a.place - b.place);
    const blockRows = Math.max(1, Math.floor(blockValues / size));
    const squares = new Accumulator<tf.Scalar>();
    squares.set(tf.scalar(0));
    let next = 0;
    for (let start = 0; start < rows; start += blockRows) {
      const count = Math.min(blockRows, rows - start);
      const first = next;
      while (next < order.length && order[next]!.place < start + count) next++;
      tf.tidy(() => {
        const [old, ...slots] = tensors.map((tensor) => copyRows(tensor, start, count));
        const rowsOfBlock = order.slice(first, next).map(({ place, row }) => [place - start, row] as const);
        const gradient = tf.mul(this.blockOf(rowsOfBlock, count), factor);
        if (next > first) squares.add(tf.sum(tf.sum(tf.square(gradient), 1)) as tf.Scalar);
        const results = update.apply(old!, gradient, slots);
        results.forEach((result, index) => {
          writers[index]!.write(start, result as tf.Tensor2D);
        });
      });
    }
    return squares.take();
  }

  /** Returns the gradient of a block, `[count, size]`. @param rows places in the block, and rows of the gradient */
  private blockOf(rows: readonly (readonly [number, number])[], count: number): tf.Tensor2D {
    const size = this.gradient.shape[1];
    const block = tf.fill([count, size], 0) as tf.Tensor2D;
    if (rows.length === 0) return block;
    const [places, sources] = [0, 1].map((part) =>
      tf.tensor1d(
        rows.map((row) => row[part]!),
        'int32',
      ),
    );
    const held = tf.gather(this.gradient, sources!);
    return tf.tensorScatterUpdate(block, tf.reshape(places!, [-1, 1]), held) as tf.Tensor2D;
  }
}

/** Returns some rows, as `readRows` does, without garbage in JavaScript where the memory can be reached. */
function copyRows(tensor: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  if (!hasReachableMemory()) return readRows(tensor, start, count);
  const size = tensor.shape[1];
  const rows = tf.fill([count, size], 0) as tf.Tensor2D;
  memoryOf(rows)!.set(memoryOf(tensor)!.subarray(start * size, (start + count) * size));
  return rows;
}

/** Returns what writes blocks into a tensor itself, if its memory may be changed, else into a new one. */
function createWriter(tensor: tf.Tensor2D): RowWriter {
  const [rows, size] = tensor.shape;
  if (!writableMemory(tensor)) return createRowWriter(rows, size);
  return {
    write: (start, block) => memoryOf(tensor)!.set(memoryOf(block)!, start * size),
    finish: () => tensor,
  };
}
