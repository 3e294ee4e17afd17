import { cosineSchedule } from '../schedules/schedules.ts';
import { tinyBatches } from './tiny-batches.ts';

/** Options of `killed-run.ts` and of the uninterrupted run that it is compared with. */
export const killedRunOptions = {
  backbone: { seed: 2, dropout: 0.2, centred: true },
  trainer: {
    batches: tinyBatches({ batchesPerEpoch: 13 }),
    schedule: cosineSchedule({ learningRate: 0.1, by: 'step', length: 400 }),
    accumulate: 2,
    clipNorm: 5,
  },
} as const;
