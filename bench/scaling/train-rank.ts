// A rank of `bench/scaling.ts`: trains LResNet18E-IR on noise. Rank 0 reads lines with numbers of steps, and prints their times. Parameters: number
// of classes, images of the whole batch, side of the images.
import { createInterface } from 'node:readline';
import { lresnetIR } from '@openset/backbones';
import { BceUnifiedLoss } from '@openset/bce-unified';
import { randomNumbers } from '@openset/core';
import { createLoader, type ImageSource } from '@openset/data';
import { dataParallel } from '@openset/distributed';
import { openMpi } from '@openset/distributed/node';
import { Sgd, Trainer, type TrainingEvent } from '@openset/train';
import { startWasm } from '../wasm-kernel.ts';

const [numClasses = 0, batchSize = 0, side = 0] = process.argv.slice(2).map(Number);
const imagesInSet = 4 * batchSize;

await startWasm(1);
const communicator = await openMpi();
const ranks = communicator.size > 1 ? dataParallel(communicator) : undefined;
const trainer = new Trainer({
  backbone: lresnetIR({ depth: 18, inputSize: side }),
  loss: new BceUnifiedLoss({ numClasses, embeddingSize: 512 }),
  optimizer: new Sgd({ learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 }),
  batches: (start) =>
    createLoader(noise(), {
      ...{ batchSize, height: side, width: side, channels: 3, start },
      ...(ranks && { part: { index: ranks.rank, count: ranks.size } }),
    }),
  steps: 100_000,
  ...(ranks && { ranks, timelineSteps: 100_000 }),
});
const events = trainer[Symbol.asyncIterator]();
console.log(`started ${process.pid}`);
if (communicator.rank === 0) {
  for await (const line of createInterface(process.stdin))
    console.log(JSON.stringify(await run(Number(line))));
} else {
  await run(Number.POSITIVE_INFINITY);
}

/** Runs steps, and returns their events. */
async function run(steps: number): Promise<TrainingEvent[]> {
  const results: TrainingEvent[] = [];
  for (let done = 0; done < steps; ) {
    const { value } = await events.next();
    // The timeline follows the event of its step.
    if (value!.kind === (ranks ? 'timeline' : 'step') || isWithoutTimeline(value!)) done++;
    if (communicator.rank === 0) results.push(value!);
  }
  return results;
}

function isWithoutTimeline(event: TrainingEvent): boolean {
  return event.kind === 'step' && event.step <= 2 && ranks !== undefined;
}

function noise(): ImageSource {
  const random = randomNumbers(1);
  const bytes = Array.from({ length: imagesInSet }, () =>
    Uint8Array.from({ length: 3 * side * side }, () => 256 * random()),
  );
  const labels = Int32Array.from(bytes, () => Math.floor(numClasses * random()));
  return {
    size: imagesInSet,
    classNames: Array.from({ length: numClasses }, (_, index) => `${index}`),
    labels,
    get: async (index) => ({
      bytes: bytes[index]!,
      raw: { height: side, width: side, channels: 3 },
      label: labels[index]!,
      origin: `image ${index}`,
    }),
    close: async () => {},
  };
}
