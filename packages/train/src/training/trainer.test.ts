import { ConfigError, DataError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { startEvent } from '../__fixtures__/events.ts';
import { MemoryCheckpoints } from '../__fixtures__/memory-checkpoints.ts';
import { tinyBatches } from '../__fixtures__/tiny-batches.ts';
import { stateOf, tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import { Sgd } from '../optimizers/sgd.ts';
import { multiStepSchedule } from '../schedules/schedules.ts';
import type { StepEvent, TrainingEvent } from './events.ts';
import { Trainer } from './trainer.ts';
import { WeightAverage } from './weight-average.ts';

const kinds = (events: readonly TrainingEvent[]) => events.map(({ kind }) => kind);
const steps = (events: readonly TrainingEvent[]) =>
  events.filter((event): event is StepEvent => event.kind === 'step');
const step = 'step';

describeOnBackends('Trainer', () => {
  it('yields its events in order', async () => {
    const { events } = await tinyRun({
      checkpoints: { store: new MemoryCheckpoints() },
      evaluation: { run: ({ step: done }) => ({ accuracy: done / 10 }), best: { metric: 'accuracy' } },
    });
    const epoch = [step, step, step, step, step, 'epoch', 'evaluation', 'checkpoint'];
    expect(kinds(events)).toEqual(['start', ...epoch, ...epoch, 'finished']);
    expect(events[0]).toEqual(startEvent({ stepsPerEpoch: 5, totalSteps: 10, totalEpochs: 2 }));
    const [first] = steps(events);
    expect(first).toMatchObject({ step: 1, epoch: 0, learningRate: 0.1, images: 6 });
    expect(first?.threshold?.between).toBe('embedding and class');
    expect(first?.seconds).toBeGreaterThan(0);
    expect(events.at(-1)).toEqual({ kind: 'finished', step: 10, epoch: 1 });
    expect(events.find(({ kind }) => kind === 'evaluation')).toMatchObject({
      step: 5,
      values: { accuracy: 0.5 },
      isBest: true,
    });
    expect(events.find(({ kind }) => kind === 'checkpoint')).toMatchObject({
      name: 'checkpoint 5',
      isBest: true,
    });
    const mean = steps(events)
      .slice(5)
      .reduce((sum, { loss }) => sum + loss! / 5, 0);
    expect(events.filter((event) => event.kind === 'epoch')[1]).toMatchObject({ images: 30, epoch: 1 });
    expect(events.filter((event) => event.kind === 'epoch')[1]?.loss).toBeCloseTo(mean, 6);
  });

  it('takes a reason instead of a metric without a value, which is never the best', async () => {
    const { events } = await tinyRun({
      evaluation: {
        everySteps: 5,
        run: ({ step: done }) => ({ accuracy: 0.5, score: done < 10 ? 'not yet' : done }),
        best: { metric: 'score', mode: 'min' },
      },
    });
    const evaluations = events.filter((event) => event.kind === 'evaluation');
    expect(evaluations[0]).toMatchObject({
      values: { accuracy: 0.5, score: Number.NaN },
      reasons: { score: 'not yet' },
      isBest: false,
    });
    expect(evaluations[1]).toMatchObject({ values: { accuracy: 0.5, score: 10 }, isBest: true });
    expect(evaluations[1]).not.toHaveProperty('reasons');
  });

  it('reduces the loss', async () => {
    const { events } = await tinyRun({ epochs: 10 });
    const losses = steps(events).map(({ loss }) => loss!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  });

  it('applies the learning rate of the schedule to each step', async () => {
    const schedule = multiStepSchedule({ learningRate: 0.1, milestones: [1] });
    const { events } = await tinyRun({ schedule });
    expect(steps(events).map(({ learningRate }) => learningRate)).toEqual([
      ...Array(5).fill(0.1),
      ...Array(5).fill(0.1 * 0.1),
    ]);
    await expect(tinyRun({ schedule: () => Number.NaN })).rejects.toThrow(ConfigError);
  });

  it('ends after the given steps, across ends of iterations and of epochs', async () => {
    for (const epochs of [undefined, 4]) {
      const batches = tinyBatches(epochs === undefined ? {} : { epochs });
      const { events } = await tinyRun({ steps: 12, batches });
      expect(steps(events).map(({ epoch }) => epoch)).toEqual([
        ...Array(5).fill(0),
        ...Array(5).fill(1),
        2,
        2,
      ]);
      expect(events[0]).toMatchObject({ totalSteps: 12, totalEpochs: null });
      expect(events.filter(({ kind }) => kind === 'epoch')).toHaveLength(2);
    }
    await expect(tinyRun({ epochs: 3, batches: tinyBatches({ epochs: 2 }) })).rejects.toThrow(
      /no more batches/,
    );
  });

  it('averages the gradients of micro-batches: for a loss without memory, like one large batch', async () => {
    // Except for the memory of the counting loss. The four parts of each batch of 24 have equal size.
    const large = tinyBatches({ batchSize: 24, batchesPerEpoch: 2 });
    const cut = (start: { epoch: number; batch: number }) => {
      const source = large({ epoch: start.epoch, batch: start.batch / 4 });
      return {
        state: () => ({ epoch: 0, batch: 0 }),
        async *[Symbol.asyncIterator]() {
          for await (const { images, labels, epoch } of source) {
            for (let part = 0; part < 4; part++) {
              const rows = labels.subarray(6 * part, 6 * part + 6);
              yield {
                images: images.slice(24 * part, 24 * part + 24),
                shape: [6, 2, 2, 1] as const,
                labels: rows,
                epoch,
              };
            }
          }
        },
      };
    };
    const whole = await tinyRun({ epochs: 1, batches: large, clipNorm: 0.5 });
    const parts = await tinyRun({ epochs: 1, batches: cut, clipNorm: 0.5, accumulate: 4 });
    expect(steps(parts.events).map(({ images }) => images)).toEqual([24, 24]);
    for (const [index, { loss, gradientNorm }] of steps(whole.events).entries()) {
      expect(steps(parts.events)[index]?.loss).toBeCloseTo(loss!, 5);
      expect(steps(parts.events)[index]?.gradientNorm).toBeCloseTo(gradientNorm!, 4);
    }
    for (const name of ['kernel', 'gain', 'weight', 'bias']) {
      for (const [index, value] of whole.state[name]!.entries())
        expect(parts.state[name]![index]).toBeCloseTo(value, 5);
    }
    // Each part is committed.
    expect(parts.state.count).toEqual([48]);
  });

  it('takes the last step of an epoch with the remaining batches', async () => {
    const { events } = await tinyRun({ accumulate: 3 });
    expect(steps(events).map(({ images, epoch }) => [images, epoch])).toEqual([
      [18, 0],
      [12, 0],
      [18, 1],
      [12, 1],
    ]);
    expect(events[0]).toMatchObject({ stepsPerEpoch: 2, totalSteps: 4 });
  });

  it('reports the mean loss over the images of an epoch, also with a smaller micro-batch', async () => {
    // The second batch has one image instead of six. At learning rate 0 its loss does not depend on the first step.
    const batches = tinyBatches({
      batchesPerEpoch: 2,
      change: (batch, { batch: index }) =>
        index === 0
          ? batch
          : {
              ...batch,
              images: batch.images.slice(0, 4),
              labels: batch.labels.slice(0, 1),
              shape: [1, 2, 2, 1],
            },
    });
    const one = await tinyRun({ epochs: 1, batches, schedule: () => 0 });
    const [first, second] = steps(one.events).map(({ loss }) => loss!);
    const { events } = await tinyRun({ epochs: 1, batches, schedule: () => 0, accumulate: 2 });
    expect(steps(events)[0]?.loss).toBeCloseTo((first! + second!) / 2, 6);
    const epoch = events.find((event) => event.kind === 'epoch');
    expect(epoch?.images).toBe(7);
    expect(epoch?.loss).toBeCloseTo((6 * first! + second!) / 7, 6);
  });

  it('limits the norm of all gradients like PyTorch', async () => {
    const sgd = () => new Sgd({ learningRate: 0.01 });
    const run = async (clipNorm?: number) => {
      const parts = tinyParts({}, sgd());
      const before = stateOf(parts);
      const { events, state } = await tinyRun({ steps: 1, ...(clipNorm ? { clipNorm } : {}) }, { parts });
      const names = ['kernel', 'gain', 'weight', 'bias'];
      const change = Math.hypot(
        ...names.flatMap((name) => state[name]!.map((value, index) => value - before[name]![index]!)),
      );
      return { change, norm: steps(events)[0]!.gradientNorm! };
    };
    const free = await run();
    expect(free.norm).toBeGreaterThan(0.5);
    expect(free.change).toBeCloseTo(0.01 * free.norm, 5);
    const clipped = await run(0.5);
    expect(clipped.norm).toBe(free.norm);
    expect(clipped.change).toBeCloseTo((0.01 * 0.5 * free.norm) / (free.norm + 1e-6), 6);
    expect((await run(100)).change).toBe(free.change);
  });

  it('evaluates the averaged weights, then restores the weights', async () => {
    const average = new WeightAverage({ decay: 0.5 });
    const seen: number[] = [];
    const kernels: number[] = [];
    const parts = tinyParts();
    const { state } = await tinyRun(
      {
        steps: 3,
        average,
        evaluation: {
          everySteps: 1,
          run: ({ backbone }) => {
            seen.push(backbone.trainable[0]!.dataSync()[0]!);
            return {};
          },
        },
        checkpoints: { store: new MemoryCheckpoints(), everySteps: 1 },
      },
      {
        parts,
        until: ({ kind }) => {
          if (kind === 'step') kernels.push(parts.backbone.kernel.dataSync()[0]!);
          return false;
        },
      },
    );
    const [first, second, third] = kernels as [number, number, number];
    const averages = [first, (first + second) / 2, (first + second) / 4 + third / 2];
    for (const [index, value] of averages.entries()) expect(seen[index]).toBeCloseTo(value, 6);
    expect(state.kernel?.[0]).toBe(third);
    average.dispose();
  });

  it('trains without a threshold if two parts of a loss learn one and none is chosen', async () => {
    const parts = tinyParts();
    const threshold = () => {
      throw new ConfigError('More than one part learns a threshold.');
    };
    const loss = Object.create(parts.loss, { threshold: { value: threshold } });
    const { events } = await tinyRun({ loss, steps: 1 }, { parts });
    expect(steps(events)[0]?.threshold).toBeNull();
  });

  it('calls afterStep, which keeps the gain in its range', async () => {
    const { state } = await tinyRun({ schedule: () => 100, steps: 2, clipNorm: 1 });
    expect(state.gain!.every((value) => value >= Math.fround(0.01))).toBe(true);
    expect(state.gain).toContain(Math.fround(0.01));
  });

  it('trains a loss on a frozen backbone, which does not change', async () => {
    const parts = tinyParts();
    const before = [...parts.backbone.kernel.dataSync()];
    const { backbone } = parts;
    const modes: unknown[] = [];
    const frozen = {
      ...backbone,
      trainable: [],
      forward: (images: tf.Tensor4D, options?: object) => {
        modes.push(options);
        return backbone.forward(images, options);
      },
      getConfig: () => backbone.getConfig(),
      getState: () => backbone.getState(),
      setState: (state: tf.NamedTensorMap) => backbone.setState(state),
      dispose: () => {},
    };
    const { events, state } = await tinyRun({ backbone: frozen, epochs: 6 }, { parts });
    expect(state.kernel).toEqual(before);
    expect(modes[0]).toMatchObject({ training: false });
    const losses = steps(events).map(({ loss }) => loss!);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  it('opens the source once, and recycles every batch', async () => {
    const opened: { readonly recycled: number }[] = [];
    const batches = (start: { epoch: number; batch: number }) => {
      const source = tinyBatches()(start);
      opened.push(source);
      return source;
    };
    await tinyRun({ batches });
    expect(opened).toHaveLength(1);
    expect(opened[0]?.recycled).toBe(10);
  });

  it('leaks nothing over hundreds of steps', async () => {
    const counts: number[] = [];
    const average = new WeightAverage({ decay: 0.9 });
    await tinyRun(
      {
        epochs: 80,
        accumulate: 2,
        clipNorm: 1,
        average,
        readEvery: 7,
        evaluation: { everySteps: 50, run: () => ({ value: 1 }) },
        checkpoints: { store: new MemoryCheckpoints(), everyEpochs: 20 },
      },
      {
        until: (event) => {
          if (event.kind === 'epoch') counts.push(tf.memory().numTensors);
          return false;
        },
      },
    );
    average.dispose();
    expect(counts).toHaveLength(80);
    expect(new Set(counts).size).toBe(1);
  });

  it('frees its tensors when the loop is left', async () => {
    const before = tf.memory().numTensors;
    await tinyRun(
      { readEvery: 100, accumulate: 2 },
      { until: (event) => event.kind === 'step' && event.step === 2 },
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads the loss every n-th step as requested, and at the end of an epoch', async () => {
    const each = await tinyRun();
    const seldom = await tinyRun({ readEvery: 3 });
    expect(seldom.state).toEqual(each.state);
    const read = steps(seldom.events).map(({ loss }) => loss !== null);
    expect(read).toEqual([false, false, true, false, true, true, false, false, true, true]);
    const epochs = (events: readonly TrainingEvent[]) => events.filter((event) => event.kind === 'epoch');
    expect(epochs(seldom.events)).toEqual(epochs(each.events));
  });
});

describe('options of a Trainer', () => {
  const parts = () => {
    const { backbone, loss, optimizer } = tinyParts();
    return { backbone, loss, optimizer, batches: tinyBatches() };
  };

  it.each([
    ['neither epochs nor steps', {}],
    ['both', { epochs: 1, steps: 1 }],
    ['half an epoch', { epochs: 0.5 }],
    ['no micro-batch', { epochs: 1, accumulate: 0 }],
    ['a norm of 0', { epochs: 1, clipNorm: 0 }],
    ['a seed that is no number', { epochs: 1, seed: Number.NaN }],
    ['a cadence of 0', { epochs: 1, evaluation: { everySteps: 0, run: () => ({}) } }],
    [
      'checkpoints every half epoch',
      { epochs: 1, checkpoints: { store: new MemoryCheckpoints(), everyEpochs: 0.5 } },
    ],
  ])('are checked: %s', (_, options) => {
    expect(() => new Trainer({ ...parts(), ...options })).toThrow(ConfigError);
  });

  it('allow one iteration', async () => {
    const trainer = new Trainer({ ...parts(), steps: 1 });
    await trainer.run();
    await expect(trainer.run()).rejects.toThrow(/iterated already/);
  });

  it('reject an evaluation that does not return the best metric', async () => {
    const evaluation = { run: () => ({ loss: 1 }), best: { metric: 'accuracy' } };
    await expect(tinyRun({ evaluation })).rejects.toThrow(/'accuracy', but the evaluation returned loss/);
  });

  it('require toTensors for mixed images', async () => {
    const batches = tinyBatches({ change: (batch) => ({ ...batch, mixed: {} }) });
    await expect(tinyRun({ batches })).rejects.toThrow(/Pass \{ toTensors \}/);
    await expect(
      tinyRun({
        batches: () => ({ ...tinyBatches()({ epoch: 0, batch: 0 }), async *[Symbol.asyncIterator]() {} }),
      }),
    ).rejects.toThrow(DataError);
  });
});
