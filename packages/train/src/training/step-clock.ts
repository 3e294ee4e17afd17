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
  /** Wait for other ranks: for their embeddings, and for the sums of gradients; missing in one process. */
  readonly exchange?: number;
  /** What follows: state of the loss, norm and clipping of the gradients, optimizer, average of the weights. */
  readonly update: number;
}

/** A part of a step and when it ran, in milliseconds of `performance.now()`. */
export interface PhaseSpan {
  readonly part: keyof StepTiming;
  readonly start: number;
  readonly end: number;
}

/** Divides the time of a step into phases. It reads the clock a few times a step, which takes about a microsecond. */
export class StepClock {
  readonly #spans: PhaseSpan[] = [];
  #last = performance.now();

  /** Ends a phase that has run since the last call, or since the creation. */
  endPhase(part: keyof StepTiming): void {
    const end = performance.now();
    this.#spans.push({ part, start: this.#last, end });
    this.#last = end;
  }

  /** The phases in the order in which they ended. */
  get spans(): readonly PhaseSpan[] {
    return this.#spans;
  }

  /** Returns the time of each phase in seconds, rounded to microseconds, which keeps logs short. */
  timing(): StepTiming {
    const milliseconds = { data: 0, forward: 0, loss: 0, backward: 0, update: 0, exchange: 0 };
    for (const { part, start, end } of this.#spans) milliseconds[part] += end - start;
    const { data, forward, loss, backward, update, exchange } = milliseconds;
    const seconds = (value: number) => Math.round(1000 * value) / 1e6;
    return {
      data: seconds(data),
      forward: seconds(forward),
      loss: seconds(loss),
      backward: seconds(backward),
      ...(exchange > 0 && { exchange: seconds(exchange) }),
      update: seconds(update),
    };
  }
}
