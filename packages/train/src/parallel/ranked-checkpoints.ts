import type { Ranks } from '@openset/core';
import type { Checkpoint, CheckpointStore, FoundCheckpoint } from '../checkpoints/checkpoint.ts';
import { onFirstRank } from './agree.ts';
import { checkSameState } from './same-state.ts';

/** The checkpoints of a data-parallel run: rank 0 reads and writes them, and the others get what it reads. */
export class RankedCheckpoints implements CheckpointStore {
  readonly #store: CheckpointStore;
  readonly #ranks: Ranks;

  /** @param store used on rank 0 alone */
  constructor(store: CheckpointStore, ranks: Ranks) {
    this.#store = store;
    this.#ranks = ranks;
  }

  async prepare(bytes: number): Promise<void> {
    await onFirstRank(this.#ranks, async () => {
      await this.#store.prepare(bytes);
      return null;
    });
  }

  /** @throws DataError if the ranks no longer have the same state */
  async save(checkpoint: Checkpoint, options: { readonly isBest: boolean }): Promise<string> {
    await checkSameState(this.#ranks, checkpoint.files);
    return onFirstRank(this.#ranks, () => this.#store.save(checkpoint, options));
  }

  async latest(): Promise<FoundCheckpoint | null> {
    let found: FoundCheckpoint | null = null;
    const header = await onFirstRank(this.#ranks, async () => {
      found = await this.#store.latest();
      if (!found) return null;
      const { name, skipped, checkpoint } = found;
      return { name, skipped, info: checkpoint.info, files: Object.keys(checkpoint.files) };
    });
    if (!header) return null;
    const own = found as FoundCheckpoint | null;
    const files: Record<string, Uint8Array> = {};
    for (const file of header.files) {
      const bytes = own?.checkpoint.files[file] ?? new Uint8Array(0);
      files[file] = (await this.#ranks.gather(bytes))[0]!;
    }
    return { name: header.name, skipped: header.skipped, checkpoint: { info: header.info, files } };
  }
}
