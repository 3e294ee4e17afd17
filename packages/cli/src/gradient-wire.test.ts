import '@tensorflow/tfjs-backend-cpu';
import { dataParallel, inProcess } from '@openset/distributed';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import {
  type ParallelResult,
  parallelSizes,
  relativeDifference,
  trainParallel,
} from './__fixtures__/parallel-run.ts';
import { makeRegisteredLoss } from './__fixtures__/registered-loss.ts';

beforeAll(() => tf.setBackend('cpu'));

async function train(size: number, wire: 'float32' | 'bfloat16'): Promise<ParallelResult[]> {
  return Promise.all(
    inProcess(size).map(async (communicator) => {
      const loss = makeRegisteredLoss('BceUnifiedLoss', parallelSizes);
      try {
        return await trainParallel(loss, dataParallel(communicator, { wire, bucketLength: 50 }));
      } finally {
        loss.dispose();
      }
    }),
  );
}

const losses = ({ events }: ParallelResult) =>
  events.flatMap((event) => (event.kind === 'step' ? [event.loss!] : []));

it('trains as well with gradients in bfloat16, to the same weights on all ranks', async () => {
  const [exact] = await train(3, 'float32');
  const results = await train(3, 'bfloat16');
  for (const { numbers } of results) expect(numbers).toEqual(results[0]!.numbers);
  const difference = relativeDifference(exact!, results[0]!, 'backbone');
  // Rounded, but by less than a step of bfloat16.
  expect(difference).toBeGreaterThan(1e-9);
  expect(difference).toBeLessThan(2 ** -8);
  const [first, last] = [losses(exact!)[0]!, losses(exact!).at(-1)!];
  expect(Math.abs(losses(results[0]!).at(-1)! - last)).toBeLessThan(0.01 * Math.abs(first - last));
});
