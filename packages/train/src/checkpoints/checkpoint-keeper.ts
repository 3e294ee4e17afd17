import { ConfigError } from '@openset/core';
import { CheckpointError, resumeHint } from '../training/errors.ts';
import { initialProgress, type Progress } from '../training/progress.ts';
import type { CheckpointOptions } from '../training/trainer-options.ts';
import type { OptionChange, SkippedCheckpoint } from './checkpoint.ts';
import { captureRun, checkpointBytes, type RunState, restoreRun } from './run-state.ts';

/** The state from which a run starts or resumes. */
export interface RestoredRun {
  readonly progress: Progress;
  /** Name of the checkpoint; null for a new run. */
  readonly resumedFrom: string | null;
  readonly skipped: readonly SkippedCheckpoint[];
  readonly changes: readonly OptionChange[];
}

const newRun: RestoredRun = { progress: initialProgress, resumedFrom: null, skipped: [], changes: [] };

/** Saves and restores a run, and remembers its last good checkpoint. */
export class CheckpointKeeper {
  readonly #run: RunState;
  readonly #options: CheckpointOptions | undefined;
  #saved: Progress = initialProgress;
  #last: string | null = null;

  constructor(run: RunState, options: CheckpointOptions | undefined) {
    this.#run = run;
    this.#options = options;
  }

  /** Name of the last good checkpoint; null if there is none. */
  get last(): string | null {
    return this.#last;
  }

  /**
   * Restores the run from its newest checkpoint, and checks that further checkpoints can be written.
   * @throws ConfigError if the store holds another run; CheckpointError if it cannot be read or written
   */
  async restore(): Promise<RestoredRun> {
    if (!this.#options) return newRun;
    const { store, resume = true } = this.#options;
    const found = await store.latest();
    if (found && !resume) {
      throw new ConfigError(`The store of a new run holds checkpoints (${found.name}).`, {
        advice: { option: 'resume', text: 'Resume from them with resume: true, or choose an empty store.' },
      });
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
   * Saves the run, unless this progress is saved already.
   * @returns the checkpoint's name; null if there was nothing to save
   * @throws CheckpointError if the checkpoint cannot be written
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
