import { DataError, weightedSum } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { MemoryCheckpoints } from '../__fixtures__/memory-checkpoints.ts';
import { tinyBatches } from '../__fixtures__/tiny-batches.ts';
import { stateOf, tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import { type TrainingBatch, toTensors as tinyTensors } from './batch-source.ts';
import { BatchError, CheckpointError, NonFiniteError } from './errors.ts';

/** Fails in the eighth batch, that of step 8, the third of the second epoch. */
const spoilt = (spoil: (batch: TrainingBatch) => void) =>
  tinyBatches({
    change: (batch, position) => {
      if (position.epoch === 1 && position.batch === 2) spoil(batch);
      return batch;
    },
  });

async function failure(options: Parameters<typeof tinyRun>[0]) {
  const parts = tinyParts();
  const dispose = parts.dispose;
  const error = await tinyRun(options, { parts: { ...parts, dispose: () => {} } }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const state = stateOf(parts);
  dispose();
  return { error, state };
}

describeOnBackends('a run that fails', () => {
  it('stops at a non-finite image, before the weights change, and names place, samples and checkpoint', async () => {
    const batches = spoilt((batch) => batch.images.fill(Number.NaN));
    const store = new MemoryCheckpoints();
    const { error, state } = await failure({ batches, checkpoints: { store } });
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({
      name: 'NonFiniteError',
      step: 8,
      epoch: 1,
      indices: [18, 19, 20, 21, 22, 23],
      lastCheckpoint: 'checkpoint 5',
    });
    expect((error as Error).message).toMatch(
      'Step 8 (epoch 2, samples 18, 19, 20, 21, 22, 23): the embeddings hold NaN.',
    );
    expect((error as Error).message).toMatch('The last good checkpoint is checkpoint 5.');
    const before = await tinyRun({ steps: 7 });
    expect(state).toEqual(before.state);
    expect(store.saved).toHaveLength(1);
  });

  it('stops at a gradient that is too large, though the loss is finite', async () => {
    // Their squares are beyond float32.
    const change = (batch: TrainingBatch) => {
      batch.images.forEach((value, index) => {
        batch.images[index] = value * 1e30;
      });
      return batch;
    };
    const parts = tinyParts();
    tf.tidy(() => parts.backbone.kernel.assign(tf.mul(parts.backbone.kernel, 1e-35)));
    await expect(tinyRun({ batches: tinyBatches({ change }) }, { parts })).rejects.toThrow(
      /the norm of the gradients is Infinity.*There is no checkpoint yet/,
    );
  });

  it('names the step whose loss was bad, where it is read later', async () => {
    const parts = tinyParts();
    const { loss } = parts;
    let calls = 0;
    const broken = Object.create(loss, {
      forward: {
        value: (...given: Parameters<typeof loss.forward>) => {
          const made = loss.forward(...given);
          if (++calls !== 2) return made;
          const bad = weightedSum([made.loss], [Number.NaN]);
          return { ...made, loss: bad };
        },
      },
    }) as typeof loss;
    const run = tinyRun({ loss: broken, readEvery: 5 }, { parts });
    await expect(run).rejects.toMatchObject({
      name: 'NonFiniteError',
      step: 2,
      indices: [6, 7, 8, 9, 10, 11],
    });
  });

  it('tells the samples of a batch that the loss refuses', async () => {
    const batches = spoilt((batch) => batch.labels.fill(7, 2, 3));
    const { error } = await failure({ batches });
    expect(error).toBeInstanceOf(BatchError);
    expect(error).not.toBeInstanceOf(NonFiniteError);
    expect((error as Error).message).toMatch(/samples 18, .*labels\[2\] is 7/);
    expect((error as Error).cause).toMatchObject({ name: 'DataError' });
  });

  it('tells the samples of a batch that cannot be made into tensors', async () => {
    const toTensors = (batch: TrainingBatch) => {
      if (batch.epoch === 1) throw new DataError('label -1 is no class');
      return tinyTensors(batch);
    };
    const { error } = await failure({ toTensors });
    expect(error).toMatchObject({ name: 'BatchError', step: 6, epoch: 1, indices: [6, 7, 8, 9, 10, 11] });
  });

  it('tells which checkpoint is good when the next cannot be saved', async () => {
    const store = new MemoryCheckpoints();
    const save = store.save.bind(store);
    store.save = async (...given) => {
      if (store.saved.length === 1) throw new Error('ENOSPC: no space left on device');
      return save(...given);
    };
    const { error } = await failure({ checkpoints: { store } });
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ lastCheckpoint: 'checkpoint 5' });
    expect((error as Error).message).toMatch(/step 10 could not be saved: ENOSPC.*checkpoint 5\./);
  });

  it('passes on what source and evaluation throw, and frees what it holds', async () => {
    const count = tf.memory().numTensors;
    const change = (batch: TrainingBatch, { batch: index }: { batch: number }) => {
      if (index === 3) throw new RangeError('no such file');
      return batch;
    };
    await expect(tinyRun({ batches: tinyBatches({ change }), accumulate: 2 })).rejects.toThrow(RangeError);
    const evaluation = { run: () => Promise.reject(new RangeError('no pairs')) };
    await expect(tinyRun({ evaluation })).rejects.toThrow('no pairs');
    expect(tf.memory().numTensors).toBe(count);
  });
});
