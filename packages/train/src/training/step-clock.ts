/** Where the time of a step goes, in seconds, over all of its micro-batches. */
export interface StepTiming {
  /** Wait for the images and labels, and their transfer to the backend. */
  readonly data: number;
  /** Forward pass of the backbone. */
  readonly forward: number;
  /** The loss. Losses with closed-form gradients compute those of the embeddings and class weights here as well. */
  readonly loss: number;
  /** Backward pass of the backbone, and of what the loss leaves to the tape. */
  readonly backward: number;
  /** What follows: state of the loss, norm and clipping of the gradients, optimizer, average of the weights. */
  readonly update: number;
}

/** Divides the time of a step into phases. It reads the clock a few times a step, which takes about a microsecond. */
export class StepClock {
  readonly #milliseconds = { data: 0, forward: 0, loss: 0, backward: 0, update: 0 };
  #last = performance.now();

  /** Adds the time since the last call, or since the creation, to a phase. */
  endPhase(phase: keyof StepTiming): void {
    const now = performance.now();
    this.#milliseconds[phase] += now - this.#last;
    this.#last = now;
  }

  /** Returns the phases in seconds, rounded to microseconds, which keeps logs short. */
  timing(): StepTiming {
    const { data, forward, loss, backward, update } = this.#milliseconds;
    const seconds = (milliseconds: number) => Math.round(1000 * milliseconds) / 1e6;
    return {
      data: seconds(data),
      forward: seconds(forward),
      loss: seconds(loss),
      backward: seconds(backward),
      update: seconds(update),
    };
  }
}
