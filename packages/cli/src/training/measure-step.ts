import { Trainer } from '@openset/train';
import { startedAtOnce } from '../config/loss-words.ts';
import type { RunConfig } from '../config/settings.ts';
import { makeRun } from './run-parts.ts';
import type { TrainingSet } from './training-set.ts';

/** Steps that are tried; the first ones are slower than all later ones. */
const triedSteps = 8;
const slowSteps = 2;
/** After so many seconds two steps must do. */
const patience = 30;

/**
 * Seconds that a training step takes on the active backend: some are made with a network that is thrown away.
 * @param signal aborted to break off
 * @throws what training throws; the reason of the signal
 */
export async function measureStep(
  config: RunConfig,
  set: TrainingSet,
  signal: AbortSignal | undefined,
): Promise<number> {
  const tried = { ...config, loss: startedAtOnce(config.loss) };
  const run = makeRun(tried, set, { steps: triedSteps });
  try {
    const seconds: number[] = [];
    const began = performance.now();
    // Where losses are read seldom, steps that are only handed to the device would look fast.
    for await (const event of new Trainer({ ...run.options, readEvery: 1 })) {
      signal?.throwIfAborted();
      if (event.kind !== 'step') continue;
      seconds.push(event.seconds);
      const isLate = performance.now() - began > 1000 * patience;
      if (isLate && seconds.length > 1) break;
    }
    const usual = seconds.length > slowSteps ? seconds.slice(slowSteps) : seconds.slice(-1);
    return usual.sort((first, second) => first - second)[Math.floor(usual.length / 2)]!;
  } finally {
    run.dispose();
  }
}
