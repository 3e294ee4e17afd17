import { DataError, randomNumbers, ShapeError } from '@openset/core';
import { describeOnBackends } from '@openset/testkit/vitest';
import { afterEach, expect, it } from 'vitest';
import { CountingLoss } from '../__fixtures__/counting-loss.ts';
import { MemoryCheckpoints } from '../__fixtures__/memory-checkpoints.ts';
import { tinyBatches } from '../__fixtures__/tiny-batches.ts';
import { type RunResult, tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import { AdamW } from '../optimizers/adamw.ts';
import { Sgd } from '../optimizers/sgd.ts';
import { cosineSchedule } from '../schedules/schedules.ts';
import type { TrainingEvent } from './events.ts';
import type { TrainerOptions } from './trainer-options.ts';
import { WeightAverage } from './weight-average.ts';

const averages: WeightAverage[] = [];
afterEach(() => {
  for (const average of averages.splice(0)) average.dispose();
});

const optimizers = {
  Sgd: () => new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true }),
  AdamW: () => new AdamW({ learningRate: 0.02 }),
};

/** Options that together cover everything that could differ between a run and a resumed one. */
function options(store: MemoryCheckpoints): Partial<TrainerOptions> {
  const average = new WeightAverage({ decay: 0.8 });
  averages.push(average);
  return {
    epochs: 4,
    seed: 5,
    accumulate: 2,
    clipNorm: 2,
    schedule: cosineSchedule({ learningRate: 0.1, by: 'step', length: 12, warmup: 2 }),
    average,
    evaluation: {
      everySteps: 3,
      run: ({ backbone }) => ({ first: backbone.trainable[0]!.dataSync()[0]! }),
      best: { metric: 'first', mode: 'min' },
    },
    checkpoints: { store, everySteps: 2 },
  };
}

const parts = (optimizer: keyof typeof optimizers) =>
  tinyParts({ seed: 3, dropout: 0.3, centred: true }, optimizers[optimizer]());

/** Returns an event without its duration. */
function withoutSeconds(event: TrainingEvent): object {
  const { seconds, timing, ...rest } = { seconds: 0, timing: null, ...event };
  return rest;
}

const stepsOf = ({ events }: RunResult) =>
  events.filter(({ kind }) => kind !== 'start' && kind !== 'checkpoint');

describeOnBackends('a resumed run', () => {
  it.each(['Sgd', 'AdamW'] as const)(
    'reaches the same bits, wherever it was interrupted: %s',
    async (optimizer) => {
      const whole = await tinyRun(options(new MemoryCheckpoints()), { parts: parts(optimizer) });
      const expected = stepsOf(whole).map(withoutSeconds);
      const random = randomNumbers(7);
      for (let attempt = 0; attempt < 6; attempt++) {
        const store = new MemoryCheckpoints();
        const events: TrainingEvent[] = [];
        let result: RunResult | undefined;
        // Interrupted at random events, as if the process were killed, until the run finishes.
        for (let starts = 0; result?.events.at(-1)?.kind !== 'finished'; starts++) {
          const length = starts > 8 ? Number.POSITIVE_INFINITY : Math.floor(1 + 14 * random());
          let count = 0;
          const until = () => ++count >= length;
          result = await tinyRun(options(store), { parts: parts(optimizer), until });
          const { step } = result.events[0] as TrainingEvent;
          const kept = events.filter((event) => event.step <= step);
          events.splice(0, events.length, ...kept, ...result.events);
        }
        expect(result.state).toEqual(whole.state);
        // The averages, too, and the events: losses, norms, evaluations, the best one.
        const found = stepsOf({ ...result, events }).map(withoutSeconds);
        expect(new Set(found.map((event) => JSON.stringify(event)))).toEqual(
          new Set(expected.map((event) => JSON.stringify(event))),
        );
        const { files } = store.saved.at(-1)!;
        const reference = new MemoryCheckpoints();
        await tinyRun(options(reference), { parts: parts(optimizer) });
        expect(files).toEqual(reference.saved.at(-1)!.files);
        expect(JSON.parse(store.saved.at(-1)!.json)).toEqual(JSON.parse(reference.saved.at(-1)!.json));
      }
    },
  );

  it('stops at a signal after the current step, saves, and resumes', async () => {
    const whole = await tinyRun(options(new MemoryCheckpoints()), { parts: parts('Sgd') });
    const store = new MemoryCheckpoints();
    const controller = new AbortController();
    const stopped = await tinyRun(
      { ...options(store), signal: controller.signal },
      {
        parts: parts('Sgd'),
        until: (event) => {
          // In the middle of an epoch, when an evaluation is due and a checkpoint is not.
          if (event.kind === 'step' && event.step === 3) controller.abort();
          return false;
        },
      },
    );
    expect(stopped.events.slice(-4).map(({ kind }) => kind)).toEqual([
      'step',
      'epoch',
      'checkpoint',
      'stopped',
    ]);
    const rest = await tinyRun(options(store), { parts: parts('Sgd') });
    expect(rest.events[0]).toMatchObject({ kind: 'start', step: 3, resumedFrom: 'checkpoint 3' });
    // The evaluation that was due comes first, and is saved.
    expect(rest.events.slice(1, 3)).toMatchObject([
      { kind: 'evaluation', step: 3 },
      { kind: 'checkpoint', step: 3 },
    ]);
    expect(rest.state).toEqual(whole.state);
  });

  it('loses nothing when an evaluation fails, and repeats it first', async () => {
    const whole = await tinyRun(options(new MemoryCheckpoints()), { parts: parts('Sgd') });
    const store = new MemoryCheckpoints();
    const base = options(store);
    const run = ({ step }: { step: number }) => {
      if (step === 6) throw new RangeError('no pairs');
      return { first: step };
    };
    const failing = { ...base, evaluation: { everySteps: 3, run }, checkpoints: { store, everySteps: 100 } };
    await expect(tinyRun(failing, { parts: parts('Sgd') })).rejects.toThrow('no pairs');
    const rest = await tinyRun(options(store), { parts: parts('Sgd') });
    expect(rest.events.slice(0, 2)).toMatchObject([
      { kind: 'start', step: 6, resumedFrom: 'checkpoint 6' },
      { kind: 'evaluation', step: 6 },
    ]);
    expect(rest.state).toEqual(whole.state);
  });

  it('does not compare scores by different rules', async () => {
    const store = new MemoryCheckpoints();
    const run = ({ step }: { step: number }) => ({ accuracy: 0.9, loss: 1 / step });
    const accuracy = { run, best: { metric: 'accuracy' } };
    await tinyRun({ epochs: 1, checkpoints: { store }, evaluation: accuracy });
    const evaluation = { run, best: { metric: 'loss', mode: 'min' } } as const;
    const { events } = await tinyRun({ epochs: 2, checkpoints: { store }, evaluation });
    expect(events.find(({ kind }) => kind === 'evaluation')).toMatchObject({ step: 10, isBest: true });
  });

  it('stops during an evaluation that honours the signal', async () => {
    const controller = new AbortController();
    const run = () => {
      controller.abort();
      controller.signal.throwIfAborted();
      return {};
    };
    const store = new MemoryCheckpoints();
    const { signal } = controller;
    const { events } = await tinyRun({ signal, evaluation: { everySteps: 1, run }, checkpoints: { store } });
    expect(events.map(({ kind }) => kind)).toEqual(['start', 'step', 'checkpoint', 'stopped']);
    expect(JSON.parse(store.saved[0]!.json).progress.evaluationDue).toBe(true);
    // The run also resumes without that evaluation.
    const rest = await tinyRun({ checkpoints: { store } });
    expect(rest.events.at(-1)?.kind).toBe('finished');
  });

  it('saves nothing when nothing has changed', async () => {
    const store = new MemoryCheckpoints();
    const run = { checkpoints: { store }, signal: AbortSignal.abort() };
    expect((await tinyRun(run)).events.map(({ kind }) => kind)).toEqual(['start', 'stopped']);
    await tinyRun({ checkpoints: { store } });
    expect(store.saved).toHaveLength(2);
    expect((await tinyRun({ checkpoints: { store } })).events.map(({ kind }) => kind)).toEqual([
      'start',
      'finished',
    ]);
    expect(store.saved).toHaveLength(2);
  });

  it('can be extended', async () => {
    const whole = await tinyRun({ epochs: 3 });
    const store = new MemoryCheckpoints();
    await tinyRun({ epochs: 2, checkpoints: { store } });
    expect((await tinyRun({ epochs: 3, checkpoints: { store } })).state).toEqual(whole.state);
  });

  it('reads a source with bad records at the end of an epoch', async () => {
    // Skips the last two batches of an epoch, like a loader that skips bad records.
    const skipping = (start: { epoch: number; batch: number }) => {
      const source = tinyBatches()(start);
      return {
        state: () => source.state(),
        async *[Symbol.asyncIterator]() {
          for await (const batch of source) {
            const { epoch, batch: next } = source.state();
            if (epoch === batch.epoch && next < 4) yield batch;
          }
        },
      };
    };
    const whole = await tinyRun({ batches: skipping });
    expect(whole.events.filter(({ kind }) => kind === 'step')).toHaveLength(6);
    const store = new MemoryCheckpoints();
    const saved = { batches: skipping, checkpoints: { store } };
    await tinyRun(saved, { until: (event) => event.kind === 'checkpoint' });
    expect((await tinyRun(saved)).state).toEqual(whole.state);
  });

  it('requires the same parts with the same shapes', async () => {
    const store = new MemoryCheckpoints();
    const checkpoints = { store };
    await tinyRun({ checkpoints, steps: 1 });
    await expect(tinyRun({ checkpoints }, { parts: parts('AdamW') })).rejects.toThrow(
      /another run: its optimizer is Sgd, but this run's is AdamW/,
    );
    const loss = new CountingLoss({ numClasses: 4, embeddingSize: 3 });
    await expect(tinyRun({ checkpoints, loss })).rejects.toThrow(ShapeError);
    loss.dispose();
    await expect(tinyRun({ checkpoints: { store, resume: false } })).rejects.toThrow(/with resume: true/);
    store.saved[0]!.json = store.saved[0]!.json.replace('"format":1', '"format":2');
    await expect(tinyRun({ checkpoints })).rejects.toThrow(DataError);
  });

  it('reports changed options', async () => {
    const store = new MemoryCheckpoints();
    const average = new WeightAverage({ decay: 0.5 });
    averages.push(average);
    const checkpoints = { store };
    await tinyRun({ checkpoints, steps: 1 });
    const other = (learningRate: number) =>
      tinyParts({ dropout: 0.1 }, new Sgd({ learningRate, momentum: 0.8, weightDecay: 5e-4 }));
    const changed = await tinyRun({ checkpoints, average, clipNorm: 3, steps: 2 }, { parts: other(0.2) });
    expect(changed.events[0]).toMatchObject({
      changes: [
        { option: 'settings.clipNorm', before: null, now: 3 },
        { option: 'settings.averageDecay', before: null, now: 0.5 },
        { option: 'optimizer.options.momentum', before: 0.9, now: 0.8 },
        { option: 'backbone.dropout', before: undefined, now: 0.1 },
      ],
    });
    // The learning rate belongs to the schedule, which a checkpoint does not contain.
    const second = new WeightAverage({ decay: 0.5 });
    averages.push(second);
    const same = await tinyRun({ checkpoints, average: second, clipNorm: 3 }, { parts: other(0.3) });
    expect(same.events[0]).toMatchObject({ step: 2, changes: [] });
  });

  it('estimates the size of its checkpoints before the first step', async () => {
    const store = new MemoryCheckpoints();
    const average = new WeightAverage({ decay: 0.5 });
    averages.push(average);
    await tinyRun({ average, checkpoints: { store }, steps: 1 });
    const bytes = Object.values(store.saved[0]!.files).reduce((sum, { length }) => sum + length, 0);
    expect(store.prepared).toBeGreaterThan(bytes);
    expect(store.prepared).toBeLessThan(bytes + 2 ** 20 + 1);
  });
});
