import type { NamedTensorMap, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';

/** How a batch goes through a backbone. */
export interface BackboneForwardOptions {
  /** Batch statistics and dropout, inside a gradient tape; default false: running statistics, no dropout. */
  readonly training?: boolean;
  /**
   * Seed of the dropout masks of this pass; the same seed gives the same masks. Default 0. A training loop derives
   * it from its own seed and the number of the step, so that a resumed run repeats the uninterrupted one.
   */
  readonly seed?: number;
}

/** Plain JSON: the backbone's kind under `backbone`, and the options it was made with. */
export type BackboneConfig = { readonly backbone: string } & { readonly [option: string]: unknown };

/**
 * The contract of a backbone: images in, raw embeddings out. Any loss goes with any backbone.
 *
 * With `training`, a pass also moves the running statistics of batch norms: that is the only state it changes.
 */
export interface Backbone {
  readonly name: string;
  /** Height, width and channels of the images; null where any size is taken. */
  readonly inputShape: readonly [height: number | null, width: number | null, channels: number];
  readonly embeddingSize: number;
  /** Moved by the optimizer, always in the same order; empty for a frozen feature extractor. */
  readonly trainable: readonly Variable[];
  /**
   * The raw, not normalised embeddings of a batch.
   *
   * @param images `[batch, height, width, channels]` float32, in the range that the backbone was trained with
   * @returns `[batch, embeddingSize]`
   * @throws ShapeError if the images are of another shape
   */
  forward(images: Tensor4D, options?: BackboneForwardOptions): Tensor2D;
  /** Keeps weights in their range (PReLU slopes ≥ 0.01); a training loop calls it after each optimizer step. */
  afterStep?(): void;
  /** The kind and the options, as plain JSON. */
  getConfig(): BackboneConfig;
  /** A snapshot of all weights and running statistics. The caller disposes of the tensors. */
  getState(): NamedTensorMap;
  /**
   * Takes a snapshot back. All names and shapes are checked before the first one is written.
   * @throws ShapeError, DataError with the names and shapes found and expected; the state is then unchanged
   */
  setState(state: NamedTensorMap): void;
  /** Frees all variables. */
  dispose(): void;
}
