import type { NamedTensorMap, Scalar, Tensor1D, Tensor2D, Variable } from '@tensorflow/tfjs-core';

/** What a loss may need to know about the moment it is called. */
export interface LossContext {
  /**
   * The epoch, counted from 0. Losses and parts of a `CombinedLoss` with a start epoch need it. Options such as
   * `startEpoch` and text for people count from 1; `epochNumber` converts.
   */
  readonly epoch?: number;
  /**
   * Whether the values of labels and embeddings are checked (labels in range, embeddings finite). By default
   * they are where reading them is free (cpu, wasm, node) and not where it would stall a GPU.
   */
  readonly checkValues?: boolean;
}

/** What `commit()` will do to the state, held until it is called. */
export interface StateStep {
  /** Moves the loss's memory. Call it once, after the gradients of this batch have been computed. */
  commit(): void;
  /** Frees what the step holds; safe to call more than once, with or without `commit()`. */
  dispose(): void;
}

/** The result of one `forward`: the loss of the batch and the state change that belongs to it. */
export interface LossStep extends StateStep {
  /** Mean loss of the batch. Freed by `dispose()`; clone it to keep it. */
  readonly loss: Scalar;
}

/** A learned decision threshold. */
export interface LearnedThreshold {
  /** Accept when the cosine is at least this. */
  readonly cosine: number;
  /**
   * What it separates. A threshold between an embedding and a class weight (BCE-unified, UniFace) is not the
   * threshold between two embeddings (USS, UniTSFace): class weights lie closer to their samples than samples
   * lie to each other.
   */
  readonly between: 'embeddings' | 'embedding and class';
}

/** Plain JSON: the loss's class name under `loss`, and the options it was made with. */
export type LossConfig = { readonly loss: string } & { readonly [option: string]: unknown };

/**
 * The contract of a loss: pure mathematics in `forward`, state that moves in `commit` and nowhere else.
 *
 * In one training step: `forward` (inside a gradient tape), gradients, optimizer, `commit`, `dispose`.
 * `minimize` does just that.
 */
export interface OpenSetLoss {
  /** The class name, also found in `getConfig().loss`. */
  readonly name: string;
  /** Moved by the optimizer: `weight`, `bias`. */
  readonly trainable: readonly Variable[];
  /** Moved by `commit()`: `featureMemory`, `empiricalPrototypes`. */
  readonly memory: readonly Variable[];
  /**
   * The loss of a batch. Changes no state.
   *
   * @param embeddings `[batch, embeddingSize]` float32, raw: the loss normalises them itself
   * @param labels `[batch]` int32 in `[0, numClasses)`; BCE and softmax losses without a margin also take soft
   *   targets `[batch, numClasses]`
   * @throws ShapeError, DataError, ConfigError before anything is computed
   */
  forward(embeddings: Tensor2D, labels: Tensor1D | Tensor2D, context?: LossContext): LossStep;
  /**
   * For losses with a memory: the state change of a batch that is not scored (a part of a `CombinedLoss` whose
   * start epoch has not come still fills its memory).
   */
  observe?(embeddings: Tensor2D, labels: Tensor1D, context?: LossContext): StateStep;
  /**
   * The learned unified threshold; null if this loss learns none, or has not begun to. Reads one number from the
   * backend at once, which is not possible on every WebGPU: `readThreshold(loss)` waits for it.
   */
  threshold(): LearnedThreshold | null;
  /**
   * The options of this loss as plain JSON: `createLoss(loss.getConfig(), descriptors)` builds an equal loss, and so does
   * `new Loss(loss.getConfig())` unless losses are nested in it. Nested losses appear as their configurations.
   */
  getConfig(): LossConfig;
  /** A snapshot of everything a checkpoint needs. The caller disposes of the tensors. */
  getState(): NamedTensorMap;
  /**
   * Takes a snapshot back. All names and shapes are checked before the first one is written.
   * @throws ShapeError, DataError with the names and shapes found and expected; the state is then unchanged
   */
  setState(state: NamedTensorMap): void;
  /** Frees all variables. */
  dispose(): void;
}
