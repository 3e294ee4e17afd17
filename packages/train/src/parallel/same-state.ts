import { DataError, type Ranks } from '@openset/core';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { crc32c } from '../logging/crc32c.ts';

/**
 * Checks that all ranks have the same weights and other state.
 * @throws DataError on all ranks, naming the first rank and file that differ
 */
export async function checkSameState(ranks: Ranks, files: Checkpoint['files']): Promise<void> {
  const all = await ranks.gather(Int32Array.from(Object.values(files), (bytes) => crc32c(bytes) | 0));
  const first = all[0]!;
  for (const [rank, checksums] of all.entries()) {
    const file = checksums.findIndex((checksum, index) => checksum !== first[index]);
    if (file < 0) continue;
    throw new DataError(
      `The ranks do not have the same state: ${Object.keys(files)[file]} of rank ${rank} differs from that of rank 0. All ranks must start ` +
        'with the same seeds and weights, and run the same versions on the same backend.',
    );
  }
}
