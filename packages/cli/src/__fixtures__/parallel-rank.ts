// A rank of the tests in `mpirun.test.ts`: trains each loss of the first parameter, names with commas between, as `trainParallel` does, and
// writes the result to the folder of the second one. The third one is 'whole' or 'sharded': what each rank holds of a loss; or
// 'synchronized': batch norms are. With a fourth one, it
// saves a checkpoint there after every step, and resumes from the newest.
import '@tensorflow/tfjs-backend-cpu';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shardLoss } from '@openset/core';
import { dataParallel } from '@openset/distributed';
import { openMpi } from '@openset/distributed/node';
import { DirectoryCheckpoints } from '@openset/train/node';
import * as tf from '@tensorflow/tfjs-core';
import { parallelSizes, resultFile, synchronized, trainParallel } from './parallel-run.ts';
import { makeRegisteredLoss } from './registered-loss.ts';

const [names = '', results = '', kind, folder] = process.argv.slice(2);
await tf.setBackend('cpu');
const communicator = await openMpi({ timeout: 60 });
const ranks = dataParallel(communicator);
console.log(`started ${process.pid}`);
for (const name of names.split(',')) {
  const create = () => makeRegisteredLoss(name, parallelSizes);
  const loss = kind === 'sharded' ? shardLoss(ranks, create) : create();
  const { numbers, threshold } = await trainParallel(loss, ranks, {
    ...(kind === 'synchronized' && synchronized),
    ...(folder && { checkpoints: { store: new DirectoryCheckpoints(folder), everySteps: 1 } }),
  });
  loss.dispose();
  await writeFile(join(results, resultFile(name, ranks.rank)), JSON.stringify({ numbers, threshold }));
}
await communicator.close();
