/** Bit that forbids further calls; the other bits count those that run. */
const stopped = 2 ** 30;

/**
 * Keeps a worker thread from being terminated inside native code. onnxruntime aborts the whole process if a thread is terminated
 * while a session loads or runs; between calls it is safe. Both threads have an object over the same memory.
 */
export class NativeCalls {
  /** To be sent to the other thread. */
  readonly memory: SharedArrayBuffer;
  readonly #state: Int32Array;

  constructor(memory = new SharedArrayBuffer(4)) {
    this.memory = memory;
    this.#state = new Int32Array(memory);
  }

  /** In the worker: makes a call. After `stop` of the other thread, which terminates this one, nothing is called, and it never settles. */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (Atomics.add(this.#state, 0, 1) >= stopped) {
      this.#leave();
      return new Promise(() => {});
    }
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  /** In the other thread: forbids further calls, and waits for those that run. */
  async stop(): Promise<void> {
    Atomics.or(this.#state, 0, stopped);
    while (Atomics.load(this.#state, 0) !== stopped) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** As `stop`, but blocks this thread, and waits at most 10 seconds: for the end of the process. */
  stopNow(): void {
    let state = Atomics.or(this.#state, 0, stopped) | stopped;
    while (state !== stopped) {
      if (Atomics.wait(this.#state, 0, state, 10_000) === 'timed-out') return;
      state = Atomics.load(this.#state, 0);
    }
  }

  #leave(): void {
    Atomics.sub(this.#state, 0, 1);
    Atomics.notify(this.#state, 0);
  }
}
