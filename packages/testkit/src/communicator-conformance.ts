import type { Communicator } from '@openset/distributed';
import { describe, expect, it } from 'vitest';
import { communicatorCases } from './communicator-cases.ts';

/** Options of `communicatorConformance`. */
export interface CommunicatorConformanceOptions {
  /** Makes the communicators of so many ranks, by rank. Every test has its own. */
  readonly start: (size: number) => Communicator[] | Promise<Communicator[]>;
  /** Numbers of ranks; default 1, 2, 3 and 4. */
  readonly sizes?: readonly number[];
}

/**
 * Registers the vitest tests that every communicator whose ranks run in this process must pass: `communicatorCases`, closing, and the end of
 * all ranks. For communicators between processes, run `communicatorCases` in each of them.
 *
 * @example
 * import { inProcess } from '@openset/distributed';
 * import { communicatorConformance } from '@openset/testkit/vitest';
 *
 * communicatorConformance('inProcess', { start: inProcess });
 */
export function communicatorConformance(
  name: string,
  { start, sizes = [1, 2, 3, 4] }: CommunicatorConformanceOptions,
): void {
  describe.each(sizes)(`${name} with %i ranks`, (size) => {
    it.each(communicatorCases.map((one) => [one.name, one.run] as const))('%s', async (_, run) => {
      const ranks = await start(size);
      expect(ranks.map(({ rank }) => rank)).toEqual(Array.from({ length: size }, (_, rank) => rank));
      expect(ranks.every((one) => one.size === size)).toBe(true);
      await Promise.all(ranks.map(run));
      await Promise.all(ranks.map((one) => one.close()));
    });

    it('rejects calls after it was closed', async () => {
      const ranks = await start(size);
      await Promise.all(ranks.map((one) => one.close()));
      await Promise.all(ranks.map((one) => one.close()));
      for (const one of ranks) {
        await expect(one.barrier()).rejects.toThrow(/is closed/);
        await expect(one.allReduce(new Float32Array(1))).rejects.toThrow(/is closed/);
      }
    });

    it('ends the calls of all ranks when one aborts', async () => {
      const ranks = await start(size);
      const waiting = ranks.slice(1).map((one) => one.barrier());
      ranks[0]!.abort('the disk is full.');
      const later = ranks.map((one) => one.allReduce(new Float32Array(1)));
      for (const call of [...waiting, ...later])
        await expect(call).rejects.toThrow(`Rank 0 of ${size} ended all ranks: the disk is full.`);
    });
  });
}
