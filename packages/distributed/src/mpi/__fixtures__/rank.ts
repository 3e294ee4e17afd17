// A rank of the tests in `open-mpi.test.ts`. The first parameter says what it does.
import { checkSameOnAllRanks, GradientBuckets } from '@openset/distributed';
import { openMpi } from '@openset/distributed/node';
import { communicatorCases } from '@openset/testkit';

const [action, timeout = '30'] = process.argv.slice(2);
const communicator = await openMpi({ timeout: Number(timeout) });
const { rank, size } = communicator;
const isLast = rank === size - 1;
const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

switch (action) {
  case 'cases':
    for (const { name, run } of communicatorCases) {
      await run(communicator);
      if (rank === 0) console.log(`passed: ${name}`);
    }
    break;
  case 'more': {
    const facts = { '@openset/core': isLast ? '2.0.0' : '1.0.0' };
    const message = await checkSameOnAllRanks(communicator, facts).catch((error: Error) => error.message);
    if (rank === 0) console.log(message);
    // The event loop turns while the ranks wait.
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    if (isLast) await sleep(200);
    await communicator.allReduce(new Float32Array(1_000_000));
    clearInterval(timer);
    if (rank === 0)
      console.log(turns > 10 ? 'The event loop turned.' : `The event loop turned ${turns} times.`);
    const buckets = new GradientBuckets(communicator, { bucketLength: 1000 });
    const lengths = [10, 600, 500, 3000];
    const sum = buckets.start(lengths);
    for (const [index, length] of lengths.entries())
      sum.set(index, new Float32Array(length).fill(rank + length));
    const sums = (await sum.finish()).map((one) => one.reduce((largest, value) => Math.max(largest, value)));
    if (rank === 0) console.log(`Sums of gradients: ${sums}.`);
    // Blocks, while a sum that began before is under way.
    const [before, now] = [new Float32Array(1000).fill(1), Float64Array.of(rank + 1, 0.5)];
    const travelling = communicator.allReduce(before);
    communicator.allReduceNow!(now);
    const largest = Int32Array.of(rank);
    communicator.allReduceNow!(largest, 'max');
    await travelling;
    if (rank === 0) console.log(`Sums at once: ${now}, beside ${before[999]}; largest: ${largest}.`);
    // The end of the process closes the communicator.
    process.exit(0);
    break;
  }
  case 'hang':
    // As a program that computes for ever.
    if (isLast) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    await communicator.barrier();
    break;
  case 'hang-now':
    if (isLast) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    communicator.allReduceNow!(new Float64Array(3));
    break;
  case 'differ':
    // Each of the two waits for the values of the other.
    await communicator.broadcast(new Float32Array(1), 1 - rank);
    break;
  case 'throw':
    if (isLast) throw new Error('the disk is full');
    await communicator.barrier();
    break;
  case 'die':
    await communicator.barrier();
    if (isLast) process.kill(process.pid, 'SIGKILL');
    await communicator.barrier();
    break;
  default:
    throw new Error(`There is no action '${action}'.`);
}
await communicator.close();
