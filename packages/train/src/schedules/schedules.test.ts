import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import type { Schedule } from './schedule.ts';
import { constantSchedule, cosineSchedule, multiStepSchedule, polynomialSchedule } from './schedules.ts';

/** Returns the learning rates of epochs 0, 1, …, with ten steps each. */
const byEpoch = (schedule: Schedule, count: number) =>
  Array.from({ length: count }, (_, epoch) => schedule({ epoch, step: 10 * epoch }));
const bySteps = (schedule: Schedule, count: number) =>
  Array.from({ length: count }, (_, step) => schedule({ epoch: 0, step }));

function expectClose(found: readonly number[], expected: readonly number[]) {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 12);
}

describe('schedules', () => {
  it('follow the papers’ recipe for CASIA-WebFace: 28 epochs, × 0.1 after 16 and 24 epochs', () => {
    const rates = byEpoch(multiStepSchedule({ learningRate: 0.1, milestones: [16, 24] }), 28);
    expectClose(rates, [...Array(16).fill(0.1), ...Array(8).fill(0.01), ...Array(4).fill(0.001)]);
  });

  // torch 2.13, PolynomialLR(optimizer, 5, 2.0) and CosineAnnealingLR(optimizer, 4, eta_min=.01), learning rate 0.1,
  // printed before each scheduler.step().
  it('decay like those of PyTorch', () => {
    const polynomial = polynomialSchedule({ learningRate: 0.1, length: 5 });
    expectClose(byEpoch(polynomial, 6), [0.1, 0.064, 0.036, 0.016, 0.004, 0]);
    const cosine = cosineSchedule({ learningRate: 0.1, length: 4, endLearningRate: 0.01 });
    expectClose(byEpoch(cosine, 5), [0.1, 0.08681980515339464, 0.055, 0.023180194846605363, 0.01]);
  });

  it('keep the last learning rate after the decay', () => {
    const cosine = cosineSchedule({ learningRate: 0.1, length: 4, endLearningRate: 0.01 });
    expect(cosine({ epoch: 9, step: 90 })).toBeCloseTo(0.01, 12);
    expect(polynomialSchedule({ learningRate: 0.1, length: 5, power: 1 })({ epoch: 5, step: 0 })).toBe(0);
  });

  it('warm up linearly, then decay', () => {
    // The recipe for WebFace42M with epochs of two steps: one epoch of warm-up to 0.4, then (1 − t / 4)² over two more.
    const schedule = polynomialSchedule({ learningRate: 0.4, by: 'step', length: 6, warmup: 2 });
    expectClose(bySteps(schedule, 6), [0.2, 0.4, 0.4, 0.4 * 0.5625, 0.4 * 0.25, 0.4 * 0.0625]);
    expectClose(
      bySteps(constantSchedule({ learningRate: 1, by: 'step', warmup: 4 }), 6),
      [0.25, 0.5, 0.75, 1, 1, 1],
    );
    const steps = multiStepSchedule({ learningRate: 1, milestones: [3], factor: 0.5, warmup: 2 });
    expectClose(byEpoch(steps, 5), [0.5, 1, 1, 0.5, 0.5]);
  });

  it('count epochs or steps', () => {
    const position = { epoch: 3, step: 30 };
    expect(multiStepSchedule({ learningRate: 1, milestones: [4] })(position)).toBe(1);
    expect(multiStepSchedule({ learningRate: 1, milestones: [4], by: 'step' })(position)).toBe(0.1);
  });

  it.each([
    () => constantSchedule({ learningRate: -1 }),
    () => constantSchedule({ learningRate: 1, by: 'batch' as 'step' }),
    () => constantSchedule({ learningRate: 1, warmup: 0.5 }),
    () => multiStepSchedule({ learningRate: 1, milestones: [1.5] }),
    () => polynomialSchedule({ learningRate: 1, length: 0 }),
    () => polynomialSchedule({ learningRate: 1, length: 5, power: -1 }),
    () => cosineSchedule({ learningRate: 1, length: 5, warmup: 5 }),
    () => cosineSchedule({ learningRate: 1, length: 5, endLearningRate: Number.NaN }),
  ])('reject options out of range', (make) => {
    expect(make).toThrow(ConfigError);
  });
});
