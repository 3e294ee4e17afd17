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
   * @param options `showsRate`: whether to show the rate and the time left, for tasks of minutes
   */
  counter(what: string, options?: { readonly showsRate?: boolean }): Counter;
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
    counter: (what, { showsRate = false } = {}) => {
      const isTerminal = stream.isTTY === true;
      const everySeconds = isTerminal ? 0.1 : 10;
      let last = now();
      let isDrawn = false;
      const rate = new RateMeter(last);
      return {
        update(done, total) {
          const isOver = done >= total;
          rate.add(now(), done);
          if (isOver && isDrawn) stream.write(eraseLine);
          if (isOver || now() - last < everySeconds) return;
          last = now();
          const text = `${what}: ${done} of ${total}${showsRate ? rate.text(total) : ''}`;
          stream.write(isTerminal ? `${eraseLine}${text}` : `${text}\n`);
          isDrawn = isTerminal;
        },
      };
    },
  };
}

/** Creates an output that writes nothing. */
export function silentOutput(): Output {
  return createOutput({ write: () => true });
}

/** Number of seconds that the rate of a counter is measured over. */
const rateSeconds = 20;

/** Measures the rate of a counter over the last seconds. */
class RateMeter {
  #samples: { readonly time: number; readonly done: number }[];

  constructor(start: number) {
    this.#samples = [{ time: start, done: 0 }];
  }

  add(time: number, done: number): void {
    // One sample in a twentieth of the time is enough.
    const before = this.#samples.at(-2);
    if (before && time - before.time < rateSeconds / 20) this.#samples.pop();
    this.#samples.push({ time, done });
    while (this.#samples.length > 2 && time - this.#samples[1]!.time > rateSeconds) this.#samples.shift();
  }

  /** Describes the rate and the time left: `, 14.2 a second, 4:27 left`. */
  text(total: number): string {
    const [first, last] = [this.#samples[0]!, this.#samples.at(-1)!];
    const rate = (last.done - first.done) / (last.time - first.time);
    if (!(rate > 0) || !Number.isFinite(rate)) return '';
    return `, ${rate.toFixed(1)} a second, ${clockText((total - last.done) / rate)} left`;
  }
}

/** Formats seconds as `4:27`, or as `1:04:27` from an hour. */
function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
