import { checkNumber } from '@openset/core';
import type { StepEvent } from '../training/events.ts';
import type { Logger } from './logger.ts';
import { ProgressMeter } from './progress-meter.ts';
import { eventText, progressText } from './progress-text.ts';

/** Where text goes: `process.stderr` is one. */
export interface TextStream {
  write(text: string): unknown;
  /** Whether it is a terminal, which can draw a line again. */
  readonly isTTY?: boolean;
  /** Characters in a line of the terminal. */
  readonly columns?: number;
}

/** Options of `consoleLogger`. */
export interface ConsoleLoggerOptions {
  /** Default `process.stderr`. */
  readonly stream?: TextStream;
  /** Seconds from one line to the next; default 30, on a terminal 0.1. */
  readonly everySeconds?: number;
  /** The time in seconds; default the clock. For tests. */
  readonly now?: () => number;
}

const eraseLine = '\r\x1b[K';

/**
 * Tells how a run goes: on a terminal in a line that is drawn again (bar, images a second, loss, learning rate, threshold,
 * time left), elsewhere in a plain line now and then. Epochs, evaluations and checkpoints have lines of their own.
 * @throws ConfigError if `everySeconds` is not a finite number of at least 0
 */
export function consoleLogger(options: ConsoleLoggerOptions = {}): Logger {
  const { stream = process.stderr, now = () => performance.now() / 1000 } = options;
  const isTerminal = stream.isTTY === true;
  const { everySeconds = isTerminal ? 0.1 : 30 } = options;
  checkNumber('consoleLogger: everySeconds', everySeconds, { minimum: 0 });
  let meter: ProgressMeter | undefined;
  let lastTime = Number.NEGATIVE_INFINITY;
  let isDrawn = false;

  const erase = () => {
    if (isDrawn) stream.write(eraseLine);
    isDrawn = false;
  };
  const show = (step: StepEvent, progress: ProgressMeter) => {
    const text = progressText(step, progress, { bar: isTerminal });
    // A line that breaks cannot be erased.
    if (isTerminal) stream.write(`${eraseLine}${[...text].slice(0, (stream.columns ?? 80) - 1).join('')}`);
    else stream.write(`${text}\n`);
    isDrawn = isTerminal;
  };

  return {
    log(event) {
      if (event.kind === 'start') meter = new ProgressMeter(event);
      if (event.kind === 'step') {
        meter?.add(event);
        if (!meter || now() - lastTime < everySeconds) return;
        lastTime = now();
        show(event, meter);
        return;
      }
      const text = eventText(event);
      if (text === '') return;
      erase();
      stream.write(`${text}\n`);
    },
    close: erase,
  };
}
