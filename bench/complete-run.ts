import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lresnetIR } from '@openset/backbones';
import type { Backbone, OpenSetLoss } from '@openset/core';
import { type ImageSource, subsetSource } from '@openset/data';
import { createLoader } from '@openset/data/node';
import { CosFaceLoss } from '@openset/margin';
import { cosineSchedule, logEvents, Sgd, Trainer, type TrainerOptions, WeightAverage } from '@openset/train';
import { DirectoryCheckpoints, jsonLinesLogger } from '@openset/train/node';
import { UniTSFaceLoss } from '@openset/uss';
import { Verifier } from '@openset/verify';
import { openImages } from '../examples/studies/src/uniform/images.ts';

const shape = { height: 28, width: 28, channels: 1, batchSize: 64 } as const;

/**
 * Runs a training like those of users: images from files through the loader and its threads, augmentation, dropout, a
 * schedule, clipping, averaged weights, evaluations, checkpoints and a log.
 * @param afterStep called after each step
 */
export async function completeRun(steps: number, afterStep: (step: number) => void): Promise<void> {
  const { train, test } = await openImages('mnist', undefined);
  const backbone = lresnetIR({
    blocks: [1, 1, 1, 1],
    width: 16,
    inputSize: 28,
    channels: 1,
    embeddingSize: 64,
  });
  const sizes = { numClasses: 10, embeddingSize: 64, scale: 16 };
  // All terms count from the first step: a term that starts later allocates its momentum then.
  const loss = new UniTSFaceLoss({ ...sizes, startEpoch: 1, classLoss: new CosFaceLoss(sizes) });
  const evaluated = subsetSource(
    test,
    Array.from({ length: 512 }, (_, row) => row),
  );
  const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  const every = Math.ceil(steps / 20);
  const options: TrainerOptions = {
    backbone,
    loss,
    optimizer: new Sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4 }),
    schedule: cosineSchedule({ by: 'step', learningRate: 0.05, length: steps, warmup: every }),
    batches: (start) =>
      createLoader(train, {
        ...shape,
        dropLast: true,
        start,
        augment: [{ kind: 'pad-crop', padding: 2 }],
        epochs: Number.POSITIVE_INFINITY,
      }),
    steps,
    clipNorm: 10,
    average: new WeightAverage({ decay: 0.99 }),
    evaluation: { run: () => evaluate(backbone, loss, evaluated), everySteps: every },
    checkpoints: { store: new DirectoryCheckpoints(join(folder, 'checkpoints')), everySteps: every },
  };
  try {
    for await (const event of logEvents(new Trainer(options), jsonLinesLogger(join(folder, 'log.jsonl')))) {
      if (event.kind === 'step') afterStep(event.step);
    }
  } finally {
    backbone.dispose();
    loss.dispose();
    await Promise.all([train.close(), test.close(), rm(folder, { recursive: true })]);
  }
}

/** Returns the accuracy on neighbouring images at the threshold learned so far. */
async function evaluate(backbone: Backbone, loss: OpenSetLoss, images: ImageSource) {
  const verifier = new Verifier({ backbone, threshold: loss.threshold()?.cosine ?? 0, batchSize: 64 });
  const embeddings = await verifier.embedBatches(
    createLoader(images, { ...shape, shuffle: false, workers: 0 }),
  );
  const pairs = embeddings.slice(1);
  const isRight = pairs.filter((embedding, before) => {
    const isSame = images.labels[before] === images.labels[before + 1];
    return verifier.compare(embeddings[before]!, embedding).same === isSame;
  });
  return { accuracy: isRight.length / pairs.length };
}
