import type { TrainingEvent } from '../training/events.ts';

/** Writes events down. */
export interface Logger {
  /** Takes one event; those of a run in their order. */
  log(event: TrainingEvent): void | Promise<void>;
  /** Writes what is left, and frees what it holds. */
  close?(): void | Promise<void>;
}

/**
 * Passes events on after each logger has written them down; the loggers are closed at the end, whatever happens.
 * @throws what the events throw, or a logger; what closing throws only if nothing else was thrown
 */
export async function* logEvents(
  events: AsyncIterable<TrainingEvent>,
  ...loggers: readonly Logger[]
): AsyncGenerator<TrainingEvent, void, undefined> {
  let hasFailed = false;
  try {
    for await (const event of events) {
      for (const logger of loggers) await logger.log(event);
      yield event;
    }
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    const closed = await Promise.allSettled(loggers.map(async (logger) => logger.close?.()));
    const failure = closed.find((result) => result.status === 'rejected');
    // An error of the run names its last good checkpoint: it comes first.
    if (failure && !hasFailed) await Promise.reject(failure.reason);
  }
}
