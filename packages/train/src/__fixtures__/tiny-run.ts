import * as tf from '@tensorflow/tfjs-core';
import { Sgd } from '../optimizers/sgd.ts';
import type { TrainingOptimizer } from '../optimizers/training-optimizer.ts';
import type { TrainingEvent } from '../training/events.ts';
import { Trainer } from '../training/trainer.ts';
import type { TrainerOptions } from '../training/trainer-options.ts';
import { CountingLoss } from './counting-loss.ts';
import { TinyBackbone, type TinyBackboneOptions } from './tiny-backbone.ts';
import { tinyBatches } from './tiny-batches.ts';

/** Creates a network, a loss and an optimizer. */
export function tinyParts(backboneOptions: TinyBackboneOptions = {}, optimizer?: TrainingOptimizer) {
  const backbone = new TinyBackbone(backboneOptions);
  const loss = new CountingLoss({ numClasses: 3, embeddingSize: 3, seed: 1 });
  const usedOptimizer = optimizer ?? new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 });
  const dispose = () => {
    backbone.dispose();
    loss.dispose();
    usedOptimizer.dispose();
  };
  return { backbone, loss, optimizer: usedOptimizer, dispose };
}

/** Result of a run: its events, and all weights and other state as numbers. */
export interface RunResult {
  readonly events: readonly TrainingEvent[];
  readonly state: Readonly<Record<string, readonly number[]>>;
}

/** Trains to the end, or to the first event that satisfies `until`. */
export async function tinyRun(
  options: Partial<TrainerOptions> = {},
  {
    parts = tinyParts(),
    until = () => false,
  }: { parts?: ReturnType<typeof tinyParts>; until?: (event: TrainingEvent) => boolean } = {},
): Promise<RunResult> {
  const { backbone, loss, optimizer } = parts;
  const length = options.steps === undefined ? { epochs: 2 } : {};
  const trainer = new Trainer({ backbone, loss, optimizer, batches: tinyBatches(), ...length, ...options });
  const events: TrainingEvent[] = [];
  try {
    for await (const event of trainer) {
      events.push(event);
      if (until(event)) break;
    }
    return { events, state: stateOf(parts) };
  } finally {
    parts.dispose();
  }
}

/** Returns all tensors of a run by name. */
export function stateOf({
  backbone,
  loss,
  optimizer,
}: ReturnType<typeof tinyParts>): Record<string, readonly number[]> {
  const names = Object.fromEntries(
    [...backbone.trainable, ...loss.trainable].map((variable, index) => [`${index}`, variable]),
  );
  const states = { ...backbone.getState(), ...loss.getState(), ...optimizer.getState(names) };
  const values = Object.entries(states).map(([name, tensor]) => [name, [...tensor.dataSync()]] as const);
  tf.dispose(states);
  return Object.fromEntries(values);
}
