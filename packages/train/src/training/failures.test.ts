import { DataError, weightedSum } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { MemoryCheckpoints } from '../__fixtures__/memory-checkpoints.ts';
import { tinyBatches } from '../__fixtures__/tiny-batches.ts';
import { stateOf, tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import { type TrainingBatch, toTensors as tinyTensors } from './batch-source.ts';
import { BatchError, CheckpointError, NonFiniteError } from './errors.ts';

/** Spoils the eighth batch: step 8, the third of the second epoch. */
const spoiltBatches = (spoil: (batch: TrainingBatch) => void) =>
  tinyBatches({
    change: (batch, position) => {
      if (position.epoch === 1 && position.batch === 2) spoil(batch);
      return batch;
    },
  });

async function runToFailure(options: Parameters<typeof tinyRun>[0]) {
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

describeOnBackends('a failing run', () => {
  it('stops at a non-finite image before the weights change, and names position, samples and checkpoint', async () => {
    const batches = spoiltBatches((batch) => batch.images.fill(Number.NaN));
    const store = new MemoryCheckpoints();
    const { error, state } = await runToFailure({ batches, checkpoints: { store } });
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error).toMatchObject({
      name: 'NonFiniteError',
      step: 8,
      epoch: 1,
      indices: [18, 19, 20, 21, 22, 23],
      lastCheckpoint: 'checkpoint 5',
    });
    expect((error as Error).message).toMatch(
      'Step 8 (epoch 2, samples 18, 19, 20, 21, 22, 23): the embeddings contain NaN.',
    );
    expect((error as Error).message).toMatch('The last good checkpoint is checkpoint 5.');
    const before = await tinyRun({ steps: 7 });
    expect(state).toEqual(before.state);
    expect(store.saved).toHaveLength(1);
  });

  it('stops at a gradient that is too large although the loss is finite', async () => {
    // The squares of the gradients overflow float32.
    const change = (batch: TrainingBatch) => {
      batch.images.forEach((value, index) => {
        batch.images[index] = value * 1e30;
      });
      return batch;
    };
    const parts = tinyParts();
    tf.tidy(() => parts.backbone.kernel.assign(tf.mul(parts.backbone.kernel, 1e-35)));
    await expect(tinyRun({ batches: tinyBatches({ change }) }, { parts })).rejects.toThrow(
      /the norm of the gradients is Infinity.*No checkpoint has been saved yet/,
    );
  });

  it('names the step with the bad loss when it is read later', async () => {
    const parts = tinyParts();
    const { loss } = parts;
    let calls = 0;
    const broken = Object.create(loss, {
      forward: {
        value: (...args: Parameters<typeof loss.forward>) => {
          const step = loss.forward(...args);
          if (++calls !== 2) return step;
          const bad = weightedSum([step.loss], [Number.NaN]);
          return { ...step, loss: bad };
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

  it('names the samples of a batch that the loss rejects', async () => {
    const batches = spoiltBatches((batch) => batch.labels.fill(7, 2, 3));
    const { error } = await runToFailure({ batches });
    expect(error).toBeInstanceOf(BatchError);
    expect(error).not.toBeInstanceOf(NonFiniteError);
    expect((error as Error).message).toMatch(/samples 18, .*labels\[2\] is 7/);
    expect((error as Error).cause).toMatchObject({ name: 'DataError' });
  });

  it('names the samples of a batch that cannot be converted to tensors', async () => {
    const toTensors = (batch: TrainingBatch) => {
      if (batch.epoch === 1) throw new DataError('label -1 is no class');
      return tinyTensors(batch);
    };
    const { error } = await runToFailure({ toTensors });
    expect(error).toMatchObject({ name: 'BatchError', step: 6, epoch: 1, indices: [6, 7, 8, 9, 10, 11] });
  });

  it('names the last good checkpoint when the next cannot be saved', async () => {
    const store = new MemoryCheckpoints();
    const save = store.save.bind(store);
    store.save = async (...args) => {
      if (store.saved.length === 1) throw new Error('ENOSPC: no space left on device');
      return save(...args);
    };
    const { error } = await runToFailure({ checkpoints: { store } });
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error).toMatchObject({ lastCheckpoint: 'checkpoint 5' });
    expect((error as Error).message).toMatch(/step 10 could not be saved: ENOSPC.*checkpoint 5\./);
  });

  it('throws what source and evaluation throw, and frees its tensors', async () => {
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
