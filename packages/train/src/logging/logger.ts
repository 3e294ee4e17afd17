import type { TrainingEvent } from '../training/events.ts';

/** Records the events of a run. */
export interface Logger {
  /** Records one event. A run passes its events in order. */
  log(event: TrainingEvent): void | Promise<void>;
  /** Flushes pending output and frees resources. */
  close?(): void | Promise<void>;
}

/**
 * Yields each event after every logger has recorded it. Closes the loggers at the end, even after an error.
 * @throws what the events or a logger throw; what closing throws only if nothing else was thrown
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
    // An error of the run takes precedence: it names the last good checkpoint.
    if (failure && !hasFailed) await Promise.reject(failure.reason);
  }
}
