import type { TextStream } from '@openset/train/node';

/** Where a command tells how it goes: on standard error, so that standard output holds the answer alone. */
export interface Output {
  /** Takes text; a terminal can draw a line again. */
  readonly stream: TextStream;
  /** Writes a line. */
  note(line: string): void;
  /**
   * Begins to count: on a terminal in a line that is drawn again, elsewhere in a line every ten seconds.
   * @param what what is counted: `images`
   */
  counter(what: string): Counter;
}

/** Counts what is done. */
export interface Counter {
  /** Tells how far it is; the last time `done` is `total`. */
  update(done: number, total: number): void;
}

/** What a command answers. */
export interface CommandResult<Data extends object = object> {
  /** For `--json`. */
  readonly data: Data;
  /** For people: one line or more. */
  readonly text: string;
  /** Default 0. */
  readonly exitCode?: number;
}

const eraseLine = '\r\x1b[K';

/**
 * An output on a stream.
 * @param now the time in seconds; default the clock, for tests
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
