import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, expect, it, vi } from 'vitest';
import { MemoryCheckpoints } from '../__fixtures__/memory-checkpoints.ts';
import { tinyBatches } from '../__fixtures__/tiny-batches.ts';
import { type RunResult, stateOf, tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import { AdamW } from '../optimizers/adamw.ts';
import { Sgd } from '../optimizers/sgd.ts';
import type { TrainingOptimizer } from '../optimizers/training-optimizer.ts';
import { cosineSchedule } from '../schedules/schedules.ts';
import { NonFiniteError } from './errors.ts';
import type { TrainingEvent } from './events.ts';
import type { TrainerOptions } from './trainer-options.ts';
import { WeightAverage } from './weight-average.ts';

const averages: WeightAverage[] = [];
afterEach(() => {
  for (const average of averages.splice(0)) average.dispose();
});

const optimizers = {
  Sgd: () => new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: true }),
  AdamW: () => new AdamW({ learningRate: 0.02, excludeFromWeightDecay: ['weight'] }),
} as const;
type Kind = keyof typeof optimizers;

const parts = (kind: Kind) => tinyParts({ seed: 3, dropout: 0.3, centred: true }, optimizers[kind]());

function options(store?: MemoryCheckpoints): Partial<TrainerOptions> {
  const average = new WeightAverage({ decay: 0.8 });
  averages.push(average);
  return {
    epochs: 4,
    seed: 5,
    schedule: cosineSchedule({ learningRate: 0.1, by: 'step', length: 20, warmup: 2 }),
    average,
    ...(store && { checkpoints: { store, everySteps: 3 } }),
  };
}

/** A norm that no gradient reaches: the gradients are unchanged, but each step needs all of them at once. */
const twoSteps = { clipNorm: 1e30 };

/** Trains, and counts the updates in blocks. */
async function run(kind: Kind, given: Partial<TrainerOptions>, until?: (event: TrainingEvent) => boolean) {
  const each = parts(kind);
  const begin = vi.spyOn(each.optimizer, 'beginBlocks');
  const result = await tinyRun(given, { parts: each, ...(until && { until }) });
  return { result, updates: begin.mock.calls.length };
}

function expectClose(found: RunResult, wanted: RunResult): void {
  expect(Object.keys(found.state)).toEqual(Object.keys(wanted.state));
  for (const [name, values] of Object.entries(wanted.state)) {
    const largest = Math.max(...values.map(Math.abs), 1e-12);
    values.forEach((value, index) => {
      expect(Math.abs(found.state[name]![index]! - value)).toBeLessThanOrEqual(2e-6 * largest);
    });
  }
}

const readings = ({ events }: RunResult) =>
  events.flatMap((event) => (event.kind === 'step' ? [[event.loss ?? -1, event.gradientNorm ?? -1]] : []));

describeOnBackends('a trainer that updates class weights in blocks', () => {
  it.each(['Sgd', 'AdamW'] as const)('equals one that takes two steps: %s', async (kind) => {
    const inOne = await run(kind, options());
    const inTwo = await run(kind, { ...options(), ...twoSteps });
    expect(inOne.updates).toBe(20);
    expect(inTwo.updates).toBe(0);
    expectClose(inOne.result, inTwo.result);
    readings(inTwo.result).forEach((wanted, step) => {
      wanted.forEach((value, index) => {
        expect(readings(inOne.result)[step]![index]! / value).toBeCloseTo(1, 5);
      });
    });
  });

  it('reads the same norms when it reads several steps at once', async () => {
    const { result } = await run('Sgd', { ...options(), readEvery: 5 });
    const all = await run('Sgd', options());
    const found = readings(result);
    readings(all.result).forEach(([loss, norm], step) => {
      if ((step + 1) % 5 !== 0) expect(found[step]).toEqual([-1, -1]);
      else {
        expect(found[step]![0]).toBeCloseTo(loss!, 5);
        expect(found[step]![1]! / norm!).toBeCloseTo(1, 5);
      }
    });
    expect(result.state).toEqual(all.result.state);
  });

  it.each(['Sgd', 'AdamW'] as const)('resumes to the same bits: %s', async (kind) => {
    const whole = await run(kind, options(new MemoryCheckpoints()));
    const store = new MemoryCheckpoints();
    await run(kind, options(store), (event) => event.kind === 'step' && event.step === 11);
    const { result } = await run(kind, options(store));
    expect(result.events[0]).toMatchObject({ kind: 'start', step: 9 });
    expect(result.state).toEqual(whole.result.state);
  });

  it('resumes a run of two steps', async () => {
    const whole = await run('Sgd', options(new MemoryCheckpoints()));
    const store = new MemoryCheckpoints();
    const stop = (event: TrainingEvent) => event.kind === 'step' && event.step === 11;
    await run('Sgd', { ...options(store), ...twoSteps }, stop);
    const { result, updates } = await run('Sgd', options(store));
    expect(updates).toBe(11);
    expectClose(result, whole.result);
  });

  it('takes two steps with several batches in a step', async () => {
    expect((await run('Sgd', { ...options(), accumulate: 2 })).updates).toBe(0);
  });

  it('trains class weights over a frozen network', async () => {
    const frozen = (optimizer: TrainingOptimizer) => {
      const each = tinyParts({ seed: 3 }, optimizer);
      (each.backbone as { trainable: readonly tf.Variable[] }).trainable = [];
      for (const variable of each.loss.trainable.slice(1)) variable.trainable = false;
      return each;
    };
    const results = [];
    for (const more of [{}, twoSteps]) {
      results.push(await tinyRun({ epochs: 2, ...more }, { parts: frozen(optimizers.Sgd()) }));
    }
    expectClose(results[0]!, results[1]!);
  });

  it('finds a non-finite loss before any weight changes, and leaves no tensor', async () => {
    const damaged = tinyBatches({
      change: (batch, position) =>
        position.batch === 3 ? { ...batch, images: batch.images.map(() => Number.NaN) } : batch,
    });
    const each = parts('Sgd');
    let before: ReturnType<typeof stateOf> = {};
    const { numTensors } = tf.memory();
    const training = tinyRun(
      { batches: damaged, epochs: 1 },
      {
        parts: { ...each, dispose: () => {} },
        until: (event) => {
          before = stateOf(each);
          return event.kind === 'finished';
        },
      },
    );
    await expect(training).rejects.toThrow(NonFiniteError);
    expect(stateOf(each).weight).toEqual(before.weight);
    expect(before.weight).toHaveLength(9);
    // The velocities of the four variables are the only new tensors.
    expect(tf.memory().numTensors - numTensors).toBeLessThanOrEqual(4);
    each.dispose();
  });
});
