import type { Ranks, RankValues } from '@openset/core';

/** Returns ranks that are concurrent functions of this process, and only gather. */
export function gatheringRanks(size: number): Ranks[] {
  const rounds: { values: RankValues[]; end: () => void; ended: Promise<void> }[] = [];
  const roundOf = (index: number) => {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    rounds[index] ??= { values: [], end, ended };
    return rounds[index];
  };
  return Array.from({ length: size }, (_, rank) => {
    let calls = 0;
    return {
      rank,
      size,
      gather: async <T extends RankValues>(values: T): Promise<readonly T[]> => {
        const round = roundOf(calls++);
        round.values[rank] = values.slice();
        if (Object.keys(round.values).length === size) round.end();
        await round.ended;
        return round.values as T[];
      },
      sum: () => Promise.reject(new Error('These ranks only gather.')),
      startSum: () => {
        throw new Error('These ranks only gather.');
      },
    };
  });
}
