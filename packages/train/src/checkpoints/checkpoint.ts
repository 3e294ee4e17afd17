import type { BackboneConfig, LossConfig } from '@openset/core';
import type { Progress } from '../training/progress.ts';

/** Options of a `Trainer` that influence the resulting weights, as plain JSON. */
export interface RunSettings {
  readonly seed: number;
  readonly accumulate: number;
  readonly clipNorm: number | null;
  readonly averageDecay: number | null;
}

/** The part of a checkpoint that is not tensors, as plain JSON. */
export interface CheckpointInfo {
  /** Version of the file layout. */
  readonly format: 1;
  readonly settings: RunSettings;
  readonly backbone: BackboneConfig;
  readonly loss: LossConfig;
  readonly optimizer: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly progress: Progress;
}

/**
 * A snapshot of a run. The files are safetensors: `backbone.safetensors` and `loss.safetensors` with the names of their
 * `getState`, and `optimizer.safetensors` with `backbone.<i>.<slot>` and `loss.<i>.<slot>` for the i-th trainable variable.
 * Runs with averaged weights also have `averaged-backbone.safetensors` and `averaged-loss.safetensors`.
 */
export interface Checkpoint {
  readonly info: CheckpointInfo;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** An option whose value differs from the checkpoint's. */
export interface OptionChange {
  /** Path of the option, such as `loss.margin`. */
  readonly option: string;
  /** Value in the checkpoint; undefined if it was not set. */
  readonly before: unknown;
  /** Value in this run; undefined if it is not set. */
  readonly now: unknown;
}

/** A damaged checkpoint. */
export interface SkippedCheckpoint {
  readonly name: string;
  readonly reason: string;
}

/** A checkpoint read from a store. */
export interface FoundCheckpoint {
  /** Name in its store, such as a folder's path. */
  readonly name: string;
  readonly checkpoint: Checkpoint;
  /** Newer checkpoints that are damaged. */
  readonly skipped: readonly SkippedCheckpoint[];
}

/** Storage for checkpoints; `DirectoryCheckpoints` of `@openset/train/node` stores them in a folder. */
export interface CheckpointStore {
  /**
   * Checks that checkpoints can be written, before hours of training.
   * @param bytes size of one checkpoint
   * @throws CheckpointError if they cannot be written
   */
  prepare(bytes: number): Promise<void>;
  /**
   * Saves a checkpoint atomically: if the process dies meanwhile, the store does not contain it.
   * @param options `isBest`: the store keeps it until a better one is saved
   * @returns its name
   */
  save(checkpoint: Checkpoint, options: { readonly isBest: boolean }): Promise<string>;
  /**
   * Returns the newest intact checkpoint; null if the store is empty.
   * @throws CheckpointError if all checkpoints are damaged
   */
  latest(): Promise<FoundCheckpoint | null>;
}
