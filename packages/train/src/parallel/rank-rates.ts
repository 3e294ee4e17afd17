import type { Ranks } from '@openset/core';

/** Steps at the start of a process that do not count, because the backend compiles or allocates. */
const warmupSteps = 2;
/** Steps of the first report, and of each later one. */
const [firstSteps, laterSteps] = [8, 50] as const;

/** Measures how fast each rank computes, without the time that it waits for others, and tells all of them now and then. */
export class RankRates {
  readonly #ranks: Ranks | null;
  #stepsLeft = warmupSteps + firstSteps;
  #stepsToIgnore = warmupSteps;
  #images = 0;
  #seconds = 0;

  /** @param ranks null for one process, which has no rates */
  constructor(ranks: Ranks | null) {
    this.#ranks = ranks?.waitedSeconds ? ranks : null;
  }

  /** Returns the seconds that this rank has waited for others so far. */
  waited(): number {
    return this.#ranks?.waitedSeconds?.() ?? 0;
  }

  /**
   * Adds a step. All ranks add the same steps.
   * @param images of this rank
   * @param seconds of its own work
   * @returns images per second of all ranks since the last report, by rank, if one is due; NaN for a rank without images
   */
  async add(images: number, seconds: number): Promise<readonly number[] | null> {
    if (!this.#ranks) return null;
    if (this.#stepsToIgnore > 0) this.#stepsToIgnore--;
    else {
      this.#images += images;
      this.#seconds += seconds;
    }
    if (--this.#stepsLeft > 0) return null;
    const rate = this.#images > 0 ? this.#images / this.#seconds : Number.NaN;
    this.#stepsLeft = laterSteps;
    this.#images = 0;
    this.#seconds = 0;
    const all = await this.#ranks.gather(Float32Array.of(rate));
    // Further digits would only lengthen logs.
    return all.map(([each]) => Number(each!.toPrecision(4)));
  }
}
