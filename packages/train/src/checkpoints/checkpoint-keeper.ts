import { ConfigError } from '@openset/core';
import { CheckpointError, resumeHint } from '../training/errors.ts';
import { initialProgress, type Progress } from '../training/progress.ts';
import type { CheckpointOptions } from '../training/trainer-options.ts';
import type { OptionChange, SkippedCheckpoint } from './checkpoint.ts';
import { captureRun, checkpointBytes, type RunState, restoreRun } from './run-state.ts';

/** Where a run begins, or goes on. */
export interface RestoredRun {
  readonly progress: Progress;
  /** The checkpoint from which it goes on. */
  readonly resumedFrom: string | null;
  readonly skipped: readonly SkippedCheckpoint[];
  readonly changes: readonly OptionChange[];
}

const newRun: RestoredRun = { progress: initialProgress, resumedFrom: null, skipped: [], changes: [] };

/** Saves and restores a run, and knows its last good checkpoint. */
export class CheckpointKeeper {
  readonly #run: RunState;
  readonly #options: CheckpointOptions | undefined;
  #saved: Progress = initialProgress;
  #last: string | null = null;

  constructor(run: RunState, options: CheckpointOptions | undefined) {
    this.#run = run;
    this.#options = options;
  }

  /** The name of the last good checkpoint. */
  get last(): string | null {
    return this.#last;
  }

  /**
   * Brings the run to where its newest checkpoint was taken, and makes sure that others can be written.
   * @throws ConfigError, CheckpointError
   */
  async restore(): Promise<RestoredRun> {
    if (!this.#options) return newRun;
    const { store, resume = true } = this.#options;
    const found = await store.latest();
    if (found && !resume) {
      throw new ConfigError(
        `The store holds checkpoints (${found.name}), and resume is false: go on with them, or choose an empty store.`,
      );
    }
    let restored = newRun;
    if (found) {
      const { name, checkpoint, skipped } = found;
      restored = { ...restoreRun(this.#run, checkpoint), resumedFrom: name, skipped };
      this.#saved = restored.progress;
      this.#last = name;
    }
    await store.prepare(checkpointBytes(this.#run));
    return restored;
  }

  /**
   * Saves the run, unless it is saved already.
   * @returns the checkpoint's name; null if nothing was to be saved
   * @throws CheckpointError if it cannot be written
   */
  async save(progress: Progress, isBest: boolean): Promise<string | null> {
    if (!this.#options || progress === this.#saved) return null;
    const checkpoint = await captureRun(this.#run, progress);
    try {
      this.#last = await this.#options.store.save(checkpoint, { isBest });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `The checkpoint of step ${progress.step} could not be saved: ${reason} ${resumeHint(this.#last)}`;
      throw new CheckpointError(message, this.#last, { cause });
    }
    this.#saved = progress;
    return this.#last;
  }
}
