import type { Checkpoint, CheckpointStore, FoundCheckpoint } from '../checkpoints/checkpoint.ts';

/** Keeps checkpoints in memory, as bytes and JSON like on disk. */
export class MemoryCheckpoints implements CheckpointStore {
  readonly saved: { name: string; json: string; files: Checkpoint['files']; isBest: boolean }[] = [];
  prepared = 0;

  async prepare(bytes: number): Promise<void> {
    this.prepared = bytes;
  }

  async save({ info, files }: Checkpoint, { isBest }: { readonly isBest: boolean }): Promise<string> {
    const name = `checkpoint ${info.progress.step}`;
    this.saved.push({ name, json: JSON.stringify(info), files, isBest });
    return name;
  }

  async latest(): Promise<FoundCheckpoint | null> {
    const last = this.saved.at(-1);
    if (!last) return null;
    return { name: last.name, checkpoint: { info: JSON.parse(last.json), files: last.files }, skipped: [] };
  }
}
