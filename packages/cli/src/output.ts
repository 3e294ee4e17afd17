import type { TextStream } from '@openset/train/node';

/** Progress output of a command. It goes to standard error; standard output has only the result. */
export interface Output {
  /** Stream that takes text. */
  readonly stream: TextStream;
  /** Writes a line. */
  note(line: string): void;
  /**
   * Starts a counter. A terminal shows it on one line that is redrawn; other streams get a line every ten seconds.
   * @param what name of the things counted, such as `images`
   */
  counter(what: string): Counter;
}

/** Progress of one task. */
export interface Counter {
  /** Reports progress; the last call has `done` equal to `total`. */
  update(done: number, total: number): void;
}

/** Result of a command. */
export interface CommandResult<Data extends object = object> {
  /** Value that `--json` prints. */
  readonly data: Data;
  /** Text for people: one line or more. */
  readonly text: string;
  /** Default 0. */
  readonly exitCode?: number;
}

const eraseLine = '\r\x1b[K';

/**
 * Creates an output that writes to a stream.
 * @param now returns the time in seconds; default: the clock
 */
export function createOutput(stream: TextStream, now = () => performance.now() / 1000): Output {
  return {
    stream,
    note: (line) => {
      stream.write(`${line}\n`);
    },
    counter: (what) => {
      const isTerminal = stream.isTTY === true;
      const everySeconds = isTerminal ? 0.1 : 10;
      let last = now();
      let isDrawn = false;
      return {
        update(done, total) {
          const isOver = done >= total;
          if (isOver && isDrawn) stream.write(eraseLine);
          if (isOver || now() - last < everySeconds) return;
          last = now();
          const text = `${what}: ${done} of ${total}`;
          stream.write(isTerminal ? `${eraseLine}${text}` : `${text}\n`);
          isDrawn = isTerminal;
        },
      };
    },
  };
}
