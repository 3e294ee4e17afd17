import type { JudgedThreshold, StrangersRun } from '../measure.ts';

/** Returns a judged threshold with an accuracy. */
export function judgedAt(estimate: number, others: Partial<JudgedThreshold> = {}): JudgedThreshold {
  const accuracy = { estimate, low: estimate - 0.02, high: estimate + 0.01 };
  return { threshold: 0.25, accuracy, far: 0.06, frr: 0.04, ...others };
}

/** Returns a run of a head whose best accuracy is 96 %. */
export function exampleRun(changes: Partial<StrangersRun> = {}): StrangersRun {
  return {
    start: 'head',
    loss: 'CosFace',
    people: 100,
    heldOut: 33,
    seed: 1,
    training: null,
    best: { threshold: 0.3, accuracy: 0.96 },
    rules: {
      'held out': judgedAt(0.95),
      'ten people': judgedAt(0.93),
      'most right': judgedAt(0.94),
    },
    rate: { threshold: 0.5, far: 0.004, farOfAll: 0.01 },
    galleries: [],
    ...changes,
  };
}
