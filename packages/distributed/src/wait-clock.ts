/** Adds up the time in which at least one of some promises is pending. */
export class WaitClock {
  #pending = 0;
  #startedAt = 0;
  #milliseconds = 0;

  /** Counts the time until a promise ends. Returns what it returns. @throws what it throws */
  async during<T>(promise: Promise<T>): Promise<T> {
    if (this.#pending++ === 0) this.#startedAt = performance.now();
    try {
      return await promise;
    } finally {
      if (--this.#pending === 0) this.#milliseconds += performance.now() - this.#startedAt;
    }
  }

  /** Returns the time so far. */
  seconds(): number {
    const running = this.#pending > 0 ? performance.now() - this.#startedAt : 0;
    return (this.#milliseconds + running) / 1000;
  }
}
