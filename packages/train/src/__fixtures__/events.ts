import type { StartEvent, StepEvent } from '../training/events.ts';

/** Returns the first event of a run of 4 epochs with 5 steps each. */
export function startEvent(change: Partial<StartEvent> = {}): StartEvent {
  return {
    kind: 'start',
    step: 0,
    epoch: 0,
    resumedFrom: null,
    skipped: [],
    changes: [],
    stepsPerEpoch: 5,
    totalSteps: 20,
    totalEpochs: 4,
    ...change,
  };
}

/** Returns a step of such a run: 10 images in half a second. */
export function stepEvent(step: number, change: Partial<StepEvent> = {}): StepEvent {
  return {
    kind: 'step',
    step,
    epoch: Math.floor((step - 1) / 5),
    loss: 12.3456 / step,
    gradientNorm: 1.5,
    learningRate: 0.1,
    threshold: { cosine: 0.31234, between: 'embeddings' },
    images: 10,
    seconds: 0.5,
    timing: null,
    ...change,
  };
}
