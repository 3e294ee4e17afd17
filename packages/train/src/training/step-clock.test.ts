import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { tinyBatches } from '../__fixtures__/tiny-batches.ts';
import { tinyRun } from '../__fixtures__/tiny-run.ts';
import type { StepEvent } from './events.ts';
import { StepClock } from './step-clock.ts';

describe('StepClock', () => {
  it('adds up the phases in seconds, each from the end of the one before', () => {
    const now = vi.spyOn(performance, 'now');
    const times = [1000, 1200, 1250.0004, 1300, 1500];
    for (const time of times) now.mockReturnValueOnce(time);
    const clock = new StepClock();
    clock.endPhase('data');
    clock.endPhase('forward');
    clock.endPhase('data');
    clock.endPhase('update');
    now.mockRestore();
    expect(clock.timing()).toEqual({ data: 0.25, forward: 0.05, loss: 0, backward: 0, update: 0.2 });
  });
});

describe('timing of a step', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('divides the seconds of the step, whatever the number of micro-batches', async () => {
    for (const accumulate of [1, 2]) {
      const { events } = await tinyRun({ epochs: 1, accumulate });
      const steps = events.filter((event): event is StepEvent => event.kind === 'step');
      expect(steps.length).toBeGreaterThan(1);
      for (const { timing, seconds } of steps) {
        const phases = Object.values(timing!);
        expect(phases).toHaveLength(5);
        expect(Math.min(...phases)).toBeGreaterThan(0);
        const sum = phases.reduce((total, phase) => total + phase, 0);
        // Each phase is rounded to a microsecond.
        expect(sum).toBeLessThan(seconds + 5e-6);
      }
    }
  });

  it('counts the wait for a slow source as data', async () => {
    const wait = 30;
    const { events } = await tinyRun({
      epochs: 1,
      batches: (start) => {
        const source = tinyBatches()(start);
        return {
          state: () => source.state(),
          async *[Symbol.asyncIterator]() {
            for await (const batch of source) {
              await new Promise((resolve) => setTimeout(resolve, wait));
              yield batch;
            }
          },
        };
      },
    });
    const steps = events.filter((event): event is StepEvent => event.kind === 'step');
    // A timer may end a millisecond early.
    for (const { timing } of steps.slice(0, -1)) expect(timing!.data).toBeGreaterThan(0.9 * (wait / 1000));
  });
});
