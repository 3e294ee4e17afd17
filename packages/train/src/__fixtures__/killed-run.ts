import '@tensorflow/tfjs-backend-cpu';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { DirectoryCheckpoints } from '../checkpoints/directory-checkpoints.ts';
import { stopOnSignals } from '../checkpoints/stop-on-signals.ts';
import { jsonLinesLogger } from '../logging/json-lines-logger.ts';
import { logEvents } from '../logging/logger.ts';
import { Trainer } from '../training/trainer.ts';
import { WeightAverage } from '../training/weight-average.ts';
import { killedRunOptions } from './killed-run-options.ts';
import { stateOf, tinyParts } from './tiny-run.ts';
import { watchedFiles } from './watched-files.ts';

// A process that runs a training in a directory. It may be killed from outside, or kill itself in the file operation number
// `fatalOperation`. It prints the state when it finishes.
const [directory, fatalOperation, steps, everySteps, mode] = process.argv.slice(2);

tf.enableProdMode();
await tf.setBackend('cpu');

const watched = watchedFiles((_, count) => {
  if (count === Number(fatalOperation)) throw new Error('fatal operation');
});
const killedOnError =
  <Args extends unknown[]>(operation: (...args: Args) => Promise<void>) =>
  async (...args: Args) => {
    try {
      await operation(...args);
    } catch {
      process.kill(process.pid, 'SIGKILL');
    }
  };
const disk = {
  ...watched,
  makeFolder: killedOnError(watched.makeFolder),
  write: killedOnError(watched.write),
  writeZeros: killedOnError(watched.writeZeros),
  rename: killedOnError(watched.rename),
  remove: killedOnError(watched.remove),
  syncFolder: killedOnError(watched.syncFolder),
};

const signal = stopOnSignals();
signal.addEventListener('abort', () => process.stdout.write('asked to stop\n'));

const { backbone, loss, optimizer } = tinyParts(killedRunOptions.backbone);
const store = new DirectoryCheckpoints(join(directory as string, 'checkpoints'), {}, disk);
const trainer = new Trainer({
  ...killedRunOptions.trainer,
  backbone,
  loss,
  optimizer,
  average: new WeightAverage({ decay: 0.9 }),
  steps: Number(steps),
  checkpoints: { store, everySteps: Number(everySteps) },
  evaluation: {
    everySteps: 20,
    run: ({ step }) => {
      // For the tests of signals: an evaluation that never ends.
      if (mode === 'busy') return new Promise(() => setInterval(() => {}, 1000));
      return { accuracy: step % 60 };
    },
    best: { metric: 'accuracy' },
  },
  signal,
});
for await (const event of logEvents(trainer, jsonLinesLogger(join(directory as string, 'log.jsonl')))) {
  if (event.kind === 'start' || event.kind === 'stopped' || event.step % 20 === 0) {
    process.stdout.write(`${event.kind} ${event.step}\n`);
  }
}
process.stdout.write(`state ${JSON.stringify(stateOf({ backbone, loss, optimizer, dispose: () => {} }))}\n`);
