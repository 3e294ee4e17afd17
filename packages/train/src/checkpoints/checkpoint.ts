import type { BackboneConfig, LossConfig, Ranks } from '@openset/core';
import type { Progress } from '../training/progress.ts';
import type { RowsOf } from './tensor-rows.ts';

/** Options of a `Trainer` that influence the resulting weights, as plain JSON. */
export interface RunSettings {
  /** Seed of the dropout masks. */
  readonly seed: number;
  /** Number of batches per step. */
  readonly accumulate: number;
  /** Maximum norm of all gradients together; null for none. */
  readonly clipNorm: number | null;
  /** Decay of the averaged weights; null without them. */
  readonly averageDecay: number | null;
}

/** The part of a checkpoint that is not tensors, as plain JSON. */
export interface CheckpointInfo {
  /** Version of the file layout. */
  readonly format: 1;
  /** Options of the run that influence its weights. */
  readonly settings: RunSettings;
  /** Configuration of the network. */
  readonly backbone: BackboneConfig;
  /** Configuration of the loss. */
  readonly loss: LossConfig;
  /** Name of the optimizer, and its options. */
  readonly optimizer: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  /** Progress of the run. */
  readonly progress: Progress;
}

/**
 * A snapshot of a run. The files are safetensors: `backbone.safetensors` and `loss.safetensors` with the names of their
 * `getState`, and `optimizer.safetensors` with `backbone.<i>.<slot>` and `loss.<i>.<slot>` for the i-th trainable variable.
 * Runs with averaged weights also have `averaged-backbone.safetensors` and `averaged-loss.safetensors`.
 */
export interface Checkpoint {
  /** Everything that is not a tensor. */
  readonly info: CheckpointInfo;
  /** Contents of the files, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /**
   * Rows that this rank holds of tensors whose classes are sharded over ranks, by the names of the files that lack them. Only the store that
   * `ofRanks` returns gets such checkpoints; those that a store returns are whole, or have the rows of this rank in their files.
   */
  readonly rows?: Readonly<Record<string, Uint8Array>>;
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
  /** Name in its store, such as a folder's path. */
  readonly name: string;
  /** Damage that was found. */
  readonly reason: string;
}

/** A checkpoint read from a store. */
export interface FoundCheckpoint {
  /** Name in its store, such as a folder's path. */
  readonly name: string;
  /** Content of the checkpoint. */
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
  /**
   * Returns a store of the same checkpoints for ranks that each write and read the rows of tensors that they hold. All ranks call its
   * methods. Missing if the store takes whole checkpoints only.
   */
  ofRanks?(ranks: Ranks, rowsOf: RowsOf): CheckpointStore;
}
