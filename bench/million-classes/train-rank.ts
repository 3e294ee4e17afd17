// A rank of `bench/million-classes.ts`: trains a small network with its shard of a loss over many classes, and prints the memory that it took.
// Parameters: number of classes, threads, steps.
import { readFileSync, writeFileSync } from 'node:fs';
import { smallCnn } from '@openset/backbones';
import { BceUnifiedLoss } from '@openset/bce-unified';
import { randomNumbers, shardLoss } from '@openset/core';
import { dataParallel } from '@openset/distributed';
import { openMpi } from '@openset/distributed/node';
import { type BatchPosition, type BatchSource, Sgd, Trainer } from '@openset/train';
import { enableWasmTraining } from '@openset/wasm-kernels';

const [numClasses = 0, threads = 1, steps = 0] = process.argv.slice(2).map(Number);
const [imagesOfRank, side, embeddingSize] = [16, 16, 512] as const;

await enableWasmTraining({ threads });
const communicator = await openMpi();
const ranks = dataParallel(communicator);
const started = megabytes('VmRSS');
const backbone = smallCnn({ inputSize: side, channels: 1, width: 4, embeddingSize });
const create = () => new BceUnifiedLoss({ numClasses, embeddingSize, negativeSampleRate: 0.1 });
const loss = shardLoss(ranks, create);
const created = { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') };
// Resets the peak, so that the next one is that of the steps.
writeFileSync('/proc/self/clear_refs', '5');
const trainer = new Trainer({
  backbone,
  loss,
  optimizer: new Sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }),
  batches: noise,
  steps,
  ranks,
});
const seconds: number[] = [];
for await (const event of trainer) if (event.kind === 'step') seconds.push(event.seconds);
const trained = { resident: megabytes('VmRSS'), peak: megabytes('VmHWM') };
for (let rank = 0; rank < ranks.size; rank++) {
  if (rank === ranks.rank)
    console.log(`rank ${JSON.stringify({ rank, started, created, trained, seconds })}`);
  await communicator.barrier();
}
await communicator.close();

/** Returns a line of `/proc/self/status` in MB of 10⁶ bytes. */
function megabytes(field: string): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return (Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)![1]) * 1024) / 1e6;
}

/** Opens a source of noisy images. */
function noise(start: BatchPosition): BatchSource {
  const { epoch } = start;
  let { batch } = start;
  return {
    state: () => ({ epoch, batch }),
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const random = randomNumbers(1000 * batch + ranks.rank + 1);
        batch++;
        const images = Float32Array.from({ length: imagesOfRank * side * side }, () => random());
        const labels = Int32Array.from({ length: imagesOfRank }, () => numClasses * random());
        yield { images, labels, shape: [imagesOfRank, side, side, 1], epoch };
      }
    },
  };
}
