import { ConfigError, ShapeError } from '@openset/core';
import { communicatorConformance } from '@openset/testkit/vitest';
import { expect, it } from 'vitest';
import { CommunicatorError, inProcess } from './index.ts';

communicatorConformance('inProcess', { start: inProcess });

it('has at least one rank', () => {
  for (const size of [0, -1, 1.5, Number.NaN, 1025]) expect(() => inProcess(size)).toThrow(ConfigError);
});

it('adds float32 values in the order of ranks, in float64', async () => {
  const ranks = inProcess(4);
  const values = [1, 2 ** -24, 2 ** -24, 2 ** -24].map((value) => Float32Array.of(value));
  // Later ranks call first.
  await Promise.all(ranks.toReversed().map((one) => one.allReduce(values[one.rank]!)));
  // In float32, each of the small values alone would be lost.
  for (const sum of values) expect(sum[0]).toBe(1 + 2 ** -22);
});

it('rejects calls that differ between ranks, on all of them, and goes on', async () => {
  const [first, second] = inProcess(2) as [ReturnType<typeof inProcess>[0], ReturnType<typeof inProcess>[0]];
  for (const [one, other] of [
    [() => first.allReduce(new Float32Array(3)), () => second.allReduce(new Float32Array(4))],
    [() => first.allReduce(new Float32Array(3)), () => second.allReduce(new Int32Array(3))],
    [() => first.allReduce(new Float32Array(3)), () => second.allReduce(new Float32Array(3), 'max')],
    [() => first.barrier(), () => second.allReduce(new Float32Array(3))],
    [() => first.broadcast(new Float32Array(3), 0), () => second.broadcast(new Float32Array(3), 1)],
  ]) {
    const results = await Promise.allSettled([one!(), other!()]);
    for (const result of results) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(ShapeError);
      expect(reason.message).toMatch(/^Ranks called different operations at call \d: rank 0 .*, rank 1 /);
    }
  }
  await Promise.all([first.barrier(), second.barrier()]);
});

it('abort rejects with a CommunicatorError', async () => {
  const [first, second] = inProcess(2);
  const waiting = first!.barrier();
  second!.abort('out of memory');
  await expect(waiting).rejects.toBeInstanceOf(CommunicatorError);
});
