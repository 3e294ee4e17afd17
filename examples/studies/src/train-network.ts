import { type Backbone, epochNumber, type OpenSetLoss } from '@openset/core';
import type { Augmentation, ImageSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import { cosineSchedule, Sgd, Trainer } from '@openset/train';
import { consoleLogger } from '@openset/train/node';

/** Training settings: SGD with momentum 0.9, a short warm-up, and a rate that falls to 0 as a cosine. */
export interface TrainingRecipe {
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Where weight decay pulls the network's weights; default zero. Class weights are always pulled towards zero. */
  readonly weightDecayTowards?: 'start';
}

/** A network, a loss and the data to train them on. */
export interface TrainingTask {
  readonly backbone: Backbone;
  readonly loss: OpenSetLoss;
  readonly source: ImageSource;
  readonly size: { readonly height: number; readonly width: number; readonly channels: 1 | 3 };
  readonly augment: readonly Augmentation[];
  readonly seed: number;
  readonly recipe: TrainingRecipe;
}

/** Trains a network and logs the progress to the console. */
export async function trainNetwork(task: TrainingTask): Promise<{ epochs: number; seconds: number }> {
  const { backbone, loss, source, size, augment, seed, recipe } = task;
  const { steps, batchSize, learningRate, weightDecay } = recipe;
  const optimizer = new Sgd({ learningRate, momentum: 0.9, weightDecay });
  if (recipe.weightDecayTowards === 'start') optimizer.anchor(backbone.trainable);
  const trainer = new Trainer({
    backbone,
    loss,
    optimizer,
    schedule: cosineSchedule({ by: 'step', learningRate, length: steps, warmup: Math.round(steps / 20) }),
    batches: (start) =>
      createLoader(source, { ...size, batchSize, dropLast: true, workers: 0, seed, augment, start }),
    steps,
    seed,
    clipNorm: 10,
  });
  const logger = consoleLogger();
  const started = performance.now();
  let epochs = 0;
  try {
    for await (const event of trainer) {
      logger.log(event);
      if (event.kind === 'epoch') epochs = epochNumber(event.epoch);
    }
  } finally {
    optimizer.dispose();
    await logger.close?.();
  }
  return { epochs, seconds: (performance.now() - started) / 1000 };
}
