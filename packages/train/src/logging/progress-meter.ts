import type { StartEvent, StepEvent } from '../training/events.ts';

/** Steps that speed and time left are computed from. */
const window = 50;

/** How fast a run is, and how long it will take. */
export class ProgressMeter {
  readonly start: StartEvent;
  /** As they were last read: on a GPU most steps are made without. */
  loss: StepEvent['loss'] = null;
  threshold: StepEvent['threshold'] = null;
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

  /** Without the evaluations and checkpoints to come; null if the length of the run is not known. */
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
