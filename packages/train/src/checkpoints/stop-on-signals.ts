import { constants } from 'node:os';

/** Signals that ask a process to exit. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Seconds during which repeated signals count as one: `npm run` forwards each Ctrl-C a second time. */
const repeatWindow = 1;

/**
 * Returns an `AbortSignal` that the first Ctrl-C (SIGINT), or another of the signals, aborts. A `Trainer` then finishes
 * its step, saves a checkpoint and stops. A further signal, at least a second later, exits the process immediately with
 * status 128 plus the number of the signal.
 *
 * @param signals default SIGINT and SIGTERM
 * @returns the signal; `release()` removes the handlers, so that signals exit the process as before
 */
export function stopOnSignals(signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM']): AbortSignal & {
  /** Removes the handlers, so that signals exit the process as before. */
  release(): void;
} {
  const controller = new AbortController();
  let first = 0;
  const stop = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort(new DOMException(`The process received ${signal}.`, 'AbortError'));
    } else if (performance.now() - first > 1000 * repeatWindow) {
      process.exit(128 + constants.signals[signal]);
    }
  };
  for (const signal of signals) process.on(signal, stop);
  const release = () => {
    for (const signal of signals) process.off(signal, stop);
  };
  return Object.assign(controller.signal, { release });
}
