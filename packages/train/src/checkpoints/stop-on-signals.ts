import { constants } from 'node:os';

/** Signals that ask a process to end. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Seconds in which a signal is taken for the same as the one before: `npm run` passes each Ctrl-C on a second time. */
const sameSignal = 1;

/**
 * Makes the first Ctrl-C (SIGINT), or another of the signals, a wish to stop: the `AbortSignal` is aborted, and a
 * `Trainer` ends its step, saves a checkpoint and comes to an end. The next one, a second later or more, ends the process
 * at once, with the exit status 128 plus the number of the signal.
 *
 * @param signals default SIGINT and SIGTERM
 * @returns the signal; after `release()` it is not aborted any more, and signals end the process at once, as they did
 *   before
 */
export function stopOnSignals(
  signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM'],
): AbortSignal & { release(): void } {
  const controller = new AbortController();
  let first = 0;
  const stop = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort(new DOMException(`The process got the signal ${signal}.`, 'AbortError'));
    } else if (performance.now() - first > 1000 * sameSignal) {
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of signals) process.on(signal, stop);
  const release = () => {
    for (const signal of signals) process.off(signal, stop);
  };
  return Object.assign(controller.signal, { release });
}
