/** Adds up the time in which a program waits: in which at least one of some promises is pending, or a call blocks. */
export class WaitClock {
  #pending = 0;
  #startedAt = 0;
  #milliseconds = 0;

  /** Counts the time until a promise ends. Returns what it returns. @throws what it throws */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.#begin();
    try {
      return await promise;
    } finally {
      this.#end();
    }
  }

  /** Counts the time of a call. Returns what it returns. @throws what it throws */
  duringCall<T>(call: () => T): T {
    this.#begin();
    try {
      return call();
    } finally {
      this.#end();
    }
  }

  /** Returns the time so far. */
  seconds(): number {
    const running = this.#pending > 0 ? performance.now() - this.#startedAt : 0;
    return (this.#milliseconds + running) / 1000;
  }

  #begin(): void {
    if (this.#pending++ === 0) this.#startedAt = performance.now();
  }

  #end(): void {
    if (--this.#pending === 0) this.#milliseconds += performance.now() - this.#startedAt;
  }
}
