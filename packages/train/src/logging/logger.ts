import type { TrainingEvent } from '../training/events.ts';

/** Writes events down. */
export interface Logger {
  /** Takes one event; those of a run in their order. */
  log(event: TrainingEvent): void | Promise<void>;
  /** Writes what is left, and frees what it holds. */
  close?(): void | Promise<void>;
}

/** Passes events on after each logger has written them down; the loggers are closed at the end, whatever happens. */
export async function* logged(
  events: AsyncIterable<TrainingEvent>,
  ...loggers: readonly Logger[]
): AsyncGenerator<TrainingEvent, void, undefined> {
  try {
    for await (const event of events) {
      for (const logger of loggers) await logger.log(event);
      yield event;
    }
  } finally {
    for (const logger of loggers) await logger.close?.();
  }
}
