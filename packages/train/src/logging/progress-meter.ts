import type { RanksEvent, StartEvent, StepEvent } from '../training/events.ts';

/** Number of recent steps that speed and time left are computed from. */
const window = 50;

/** Measures the speed of a run and estimates the time left. */
export class ProgressMeter {
  readonly start: StartEvent;
  /** Last values read; on a GPU, most steps do not read them. */
  loss: StepEvent['loss'] = null;
  threshold: StepEvent['threshold'] = null;
  /** Images per second of each rank, as last reported; empty for one process. */
  rankRates: RanksEvent['imagesPerSecond'] = [];
  #recent: StepEvent[] = [];

  constructor(start: StartEvent) {
    this.start = start;
  }

  add(step: StepEvent): void {
    this.loss = step.loss ?? this.loss;
    this.threshold = step.threshold ?? this.threshold;
    this.#recent.push(step);
    if (this.#recent.length > window) this.#recent.shift();
  }

  get imagesPerSecond(): number {
    const images = this.#recent.reduce((sum, step) => sum + step.images, 0);
    return images / this.#seconds();
  }

  /** Share of the time that the run waits for images; null if the steps do not measure it. */
  get dataShare(): number | null {
    let data = 0;
    for (const { timing } of this.#recent) {
      if (!timing) return null;
      data += timing.data;
    }
    return data / this.#seconds();
  }

  /** Estimate without future evaluations and checkpoints; null if the length of the run is unknown. */
  get secondsLeft(): number | null {
    const { totalSteps } = this.start;
    const last = this.#recent.at(-1);
    if (totalSteps === null || !last) return null;
    return (Math.max(0, totalSteps - last.step) * this.#seconds()) / this.#recent.length;
  }

  #seconds(): number {
    return this.#recent.reduce((sum, { seconds }) => sum + seconds, 0);
  }
}
