// A rank of the tests in `mpirun.test.ts`: trains the loss of the first parameter as `trainParallel` does. With a folder as the second one, it
// saves a checkpoint after every step, and resumes from the newest. Rank 0 prints its process and the result.
import '@tensorflow/tfjs-backend-cpu';
import { dataParallel } from '@openset/distributed';
import { openMpi } from '@openset/distributed/node';
import { DirectoryCheckpoints } from '@openset/train/node';
import * as tf from '@tensorflow/tfjs-core';
import { parallelSizes, trainParallel } from './parallel-run.ts';
import { makeRegisteredLoss } from './registered-loss.ts';

const [name = '', folder] = process.argv.slice(2);
await tf.setBackend('cpu');
const communicator = await openMpi({ timeout: 60 });
const ranks = dataParallel(communicator);
console.log(`started ${process.pid}`);
const result = await trainParallel(makeRegisteredLoss(name, parallelSizes), ranks, {
  ...(folder && { checkpoints: { store: new DirectoryCheckpoints(folder), everySteps: 1 } }),
});
if (ranks.rank === 0) console.log(`result ${JSON.stringify({ ...result, events: [] })}`);
await communicator.close();
