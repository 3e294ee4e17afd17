import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useDeviceBackend } from '../__fixtures__/device-backend.ts';
import { MemoryCheckpoints } from '../__fixtures__/memory-checkpoints.ts';
import { tinyBatches } from '../__fixtures__/tiny-batches.ts';
import { tinyParts } from '../__fixtures__/tiny-run.ts';
import type { TrainingEvent } from './events.ts';
import { Trainer } from './trainer.ts';
import type { TrainerOptions } from './trainer-options.ts';
import { WeightAverage } from './weight-average.ts';

// On a device where a read stalls everything, no read may be synchronous, and reads must be rare.
beforeAll(useDeviceBackend);

async function run(options: Partial<TrainerOptions>, until: (event: TrainingEvent) => boolean = () => false) {
  const parts = tinyParts({ seed: 1, dropout: 0.2 });
  const average = new WeightAverage({ decay: 0.9 });
  const { backbone, loss, optimizer } = parts;
  const trainer = new Trainer({
    ...{ backbone, loss, optimizer, average, steps: 25, clipNorm: 1, accumulate: 2 },
    batches: tinyBatches({ batchesPerEpoch: 26 }),
    ...options,
  });
  const events: TrainingEvent[] = [];
  for await (const event of trainer) {
    events.push(event);
    if (until(event)) break;
  }
  const kernel = [...(await backbone.kernel.data())];
  parts.dispose();
  average.dispose();
  return { events, kernel };
}

it('uses a backend without synchronous reads', () => {
  expect(() => tf.tidy(() => tf.add(1, 2).dataSync())).toThrow(/on the device/);
});

it('reads the loss in every tenth step, at the end of an epoch, and before a checkpoint', async () => {
  const { events } = await run({ checkpoints: { store: new MemoryCheckpoints(), everySteps: 22 } });
  const read = events.flatMap((event) => (event.kind === 'step' && event.loss !== null ? [event.step] : []));
  expect(read).toEqual([10, 13, 20, 22, 25]);
  const known = events.filter((event) => event.kind === 'step' && event.threshold !== null);
  expect(known).toHaveLength(5);
  // The device works while the program continues, so the program's times say nothing.
  expect(events.filter((event) => event.kind === 'step' && event.timing !== null)).toEqual([]);
});

it('clips without reading, and resumes exactly', async () => {
  const whole = await run({});
  const store = new MemoryCheckpoints();
  await run({ checkpoints: { store, everySteps: 6 } }, (event) => event.step === 15);
  const rest = await run({ checkpoints: { store, everySteps: 6 } });
  expect(rest.events[0]).toMatchObject({ step: 12 });
  expect(rest.kernel).toEqual(whole.kernel);
  const reading = await run({ readEvery: 1 });
  for (const [index, value] of whole.kernel.entries()) expect(reading.kernel[index]).toBeCloseTo(value, 5);
});

it('names the first bad step although it is read later, and does not save it', async () => {
  const store = new MemoryCheckpoints();
  const batches = tinyBatches({
    batchesPerEpoch: 26,
    change: (batch, { batch: index }) => {
      if (index === 9) batch.images.fill(Number.NaN);
      return batch;
    },
  });
  const failed = run({ batches, checkpoints: { store, everySteps: 4 } });
  await expect(failed).rejects.toMatchObject({
    name: 'NonFiniteError',
    step: 5,
    indices: [54, 55, 56, 57, 58, 59],
    lastCheckpoint: 'checkpoint 4',
  });
  expect(store.saved).toHaveLength(1);
});

it('reads the unread losses before it saves at a signal', async () => {
  const store = new MemoryCheckpoints();
  const controller = new AbortController();
  const options = { signal: controller.signal, checkpoints: { store } };
  const { events } = await run(options, (event) => {
    if (event.step === 7) controller.abort();
    return false;
  });
  expect(events.slice(-2).map(({ kind }) => kind)).toEqual(['checkpoint', 'stopped']);
  const { progress } = JSON.parse(store.saved[0]!.json);
  expect(progress).toMatchObject({ step: 7, epochImages: 84 });
  expect(tf.getBackend()).toBe('device');
});
