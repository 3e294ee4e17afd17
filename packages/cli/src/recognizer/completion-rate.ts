/** Share of the newest interval in the average. */
const newestShare = 0.2;
/** Range of the estimate in seconds. */
const [shortest, longest] = [1, 60];

/** Measures how fast calls end while others wait, and estimates when the waiting ones will have begun. */
export class CompletionRate {
  #seconds = Number.NaN;
  #last = Number.NaN;

  /**
   * Notes that a call has ended.
   * @param now time in milliseconds
   * @param waiting number of calls that still wait; if none does, the time until the next call ends says nothing
   */
  add(now: number, waiting: number): void {
    const seconds = (now - this.#last) / 1000;
    if (Number.isFinite(seconds)) {
      const average = Number.isFinite(this.#seconds) ? this.#seconds : seconds;
      this.#seconds = average + newestShare * (seconds - average);
    }
    this.#last = waiting > 0 ? now : Number.NaN;
  }

  /** Returns the whole seconds, 1 to 60, after which as many calls have begun; 1 if nothing was measured yet. */
  secondsFor(waiting: number): number {
    const seconds = Number.isFinite(this.#seconds) ? Math.ceil(waiting * this.#seconds) : shortest;
    return Math.min(longest, Math.max(shortest, seconds));
  }
}
