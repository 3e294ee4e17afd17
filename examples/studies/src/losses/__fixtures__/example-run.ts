import { judgedAt } from '../../strangers/__fixtures__/example-run.ts';
import type { LossRun, StartTimes } from '../results.ts';

/** Returns a run whose accuracy at the calibrated threshold is `accuracy`, one point below the best. */
export function exampleRun(changes: Partial<LossRun> = {}, accuracy = 0.9): LossRun {
  return {
    start: 'head',
    loss: 'cosface',
    seed: 1,
    steps: 700,
    cpuSeconds: 6.1,
    measured: {
      best: { threshold: 0.3, accuracy: accuracy + 0.01 },
      calibrated: judgedAt(accuracy),
      learned: null,
      priorShift: null,
      inconsistency: 0.03,
      consistencyPeople: 285,
    },
    failure: null,
    ...changes,
  };
}

/** Returns the times of CosFace and two others. */
export function exampleTimes(changes: Partial<StartTimes> = {}): StartTimes {
  return {
    start: 'head',
    seconds: 6,
    settings: { batchSize: 128, learningRate: 0.1, weightDecay: 5e-4, embeddingSize: 128 },
    trained: 884,
    held: 98,
    machine: 'a machine',
    times: [
      { loss: 'cosface', milliseconds: 8 },
      { loss: 'uss', milliseconds: 10 },
      { loss: 'epl', milliseconds: 16 },
    ],
    ...changes,
  };
}
