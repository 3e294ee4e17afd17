import type { BackboneConfig, LossConfig } from '@openset/core';
import type { Progress } from '../training/progress.ts';

/** Options of a `Trainer` that decide what a run comes to, as plain JSON. */
export interface RunSettings {
  readonly seed: number;
  readonly accumulate: number;
  readonly clipNorm: number | null;
  readonly averageDecay: number | null;
}

/** Everything about a checkpoint that is no tensor, as plain JSON. */
export interface CheckpointInfo {
  /** Version of the layout. */
  readonly format: 1;
  readonly settings: RunSettings;
  readonly backbone: BackboneConfig;
  readonly loss: LossConfig;
  readonly optimizer: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly progress: Progress;
}

/**
 * A run at one moment. The files are safetensors: `backbone.safetensors` and `loss.safetensors` with the names of
 * their `getState`, `optimizer.safetensors` with `backbone.<i>.<slot>` and `loss.<i>.<slot>` for the i-th trainable variable,
 * and `averaged-backbone.safetensors` and `averaged-loss.safetensors` where weights are averaged.
 */
export interface Checkpoint {
  readonly info: CheckpointInfo;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** An option that is not what it was when a checkpoint was saved. */
export interface OptionChange {
  /** Its place: `loss.margin`, for example. */
  readonly option: string;
  /** Undefined where there was none. */
  readonly before: unknown;
  /** Undefined where there is none. */
  readonly now: unknown;
}

/** A checkpoint that cannot be used. */
export interface SkippedCheckpoint {
  readonly name: string;
  readonly reason: string;
}

/** A checkpoint that was found. */
export interface FoundCheckpoint {
  /** As the store calls it: a folder's path. */
  readonly name: string;
  readonly checkpoint: Checkpoint;
  /** Newer ones that are damaged. */
  readonly skipped: readonly SkippedCheckpoint[];
}

/** Where checkpoints are kept; `DirectoryCheckpoints` of `@openset/train/node` keeps them in a folder. */
export interface CheckpointStore {
  /**
   * Makes sure that checkpoints can be written, before hours are spent.
   * @param bytes size of one checkpoint
   * @throws CheckpointError if they cannot
   */
  prepare(bytes: number): Promise<void>;
  /**
   * Saves a checkpoint: after that it is there as a whole, and if the process dies meanwhile, not at all.
   * @param options `isBest`: it is kept until a better one comes
   * @returns its name
   */
  save(checkpoint: Checkpoint, options: { readonly isBest: boolean }): Promise<string>;
  /**
   * The newest checkpoint that is not damaged; null if there are none.
   * @throws CheckpointError if all are damaged
   */
  latest(): Promise<FoundCheckpoint | null>;
}
