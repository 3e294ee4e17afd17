import { checkNumber } from '@openset/core';
import type { StepEvent } from '../training/events.ts';
import type { Logger } from './logger.ts';
import { ProgressMeter } from './progress-meter.ts';
import { eventText, progressText } from './progress-text.ts';

/** Destination of the text, such as `process.stderr`. */
export interface TextStream {
  /** Writes text, which may be part of a line. */
  write(text: string): unknown;
  /** Whether it is a terminal, which can redraw a line. */
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
}

/** Options of `consoleLogger`. */
export interface ConsoleLoggerOptions {
  /** Destination; default `process.stderr`. */
  readonly stream?: TextStream;
  /** Minimum seconds between two lines; default 30, or 0.1 on a terminal. */
  readonly everySeconds?: number;
  /** Returns the time in seconds; default `performance.now() / 1000`. For tests. */
  readonly now?: () => number;
}

const eraseLine = '\r\x1b[K';

/**
 * Returns a logger that prints the progress of a run: progress bar, images per second, those of the slowest and the fastest rank, share of the
 * time that the run waits for images, loss, learning rate, threshold and time left. It redraws one line on a terminal and prints plain lines elsewhere. Epochs, evaluations and checkpoints have
 * separate lines.
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
    // A line that wraps cannot be erased.
    if (isTerminal) stream.write(`${eraseLine}${[...text].slice(0, (stream.columns ?? 80) - 1).join('')}`);
    else stream.write(`${text}\n`);
    isDrawn = isTerminal;
  };

  return {
    log(event) {
      if (event.kind === 'start') meter = new ProgressMeter(event);
      if (event.kind === 'ranks' && meter) meter.rankRates = event.imagesPerSecond;
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
