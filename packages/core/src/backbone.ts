import type { NamedTensorMap, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';

/** Mode of one pass of a batch through a backbone. */
export interface BackboneForwardOptions {
  /** Whether to use batch statistics and dropout; default false: running statistics, no dropout. */
  readonly training?: boolean;
  /**
   * Seed of the dropout masks of this pass; default 0. The same seed gives the same masks. A training loop derives it from
   * its own seed and the number of the step, so that a resumed run repeats the uninterrupted one.
   */
  readonly seed?: number;
}

/** Configuration of a backbone, as plain JSON: its kind under `backbone`, and its options. */
export type BackboneConfig = { readonly backbone: string } & { readonly [option: string]: unknown };

/**
 * A backbone in the form that runs fastest without training: with copies of its weights that are prepared for that. The
 * backbone owns it, prepares it again when weights have changed, and frees it with itself.
 */
export interface InferenceNetwork {
  /**
   * Returns the raw embeddings of a batch: those of the backbone's `forward` in evaluation mode, up to rounding (1e-5 of their
   * length). Records nothing on a gradient tape.
   *
   * @param images `[batch, height, width, channels]` float32, in the range that the backbone was trained with
   * @returns `[batch, embeddingSize]`
   * @throws ShapeError if the images have another shape
   */
  forward(images: Tensor4D): Tensor2D;
  /** Frees the prepared weights. The next call of `forward` prepares them again. */
  release(): void;
}

/**
 * The contract of a backbone, which maps images to raw embeddings. Any loss works with any backbone.
 *
 * A pass with `training` also moves the running statistics of batch norms. It changes no other state.
 */
export interface Backbone {
  /** Name of the network, such as `mobilefacenet`. */
  readonly name: string;
  /** Height, width and channels of the images; null accepts any size. */
  readonly inputShape: readonly [height: number | null, width: number | null, channels: number];
  /** Number of values of an embedding. */
  readonly embeddingSize: number;
  /** Variables that the optimizer trains, in a fixed order; empty for a frozen feature extractor. */
  readonly trainable: readonly Variable[];
  /**
   * Variables that a pass with `training` moves, such as the running statistics of batch norms; missing if there are none. A data-parallel
   * run averages them over its ranks.
   */
  readonly statistics?: readonly Variable[];
  /**
   * Returns the raw embeddings of a batch, which are not normalised.
   *
   * @param images `[batch, height, width, channels]` float32, in the range that the backbone was trained with
   * @returns `[batch, embeddingSize]`
   * @throws ShapeError if the images have another shape
   */
  forward(images: Tensor4D, options?: BackboneForwardOptions): Tensor2D;
  /**
   * Returns the form for inference, always the same object. `forward` of it is faster than that of the backbone and takes more
   * memory, until `release`. `embedImages` uses it. Missing if the backbone has no such form.
   */
  forInference?(): InferenceNetwork;
  /** Clamps weights to their range (PReLU slopes ≥ 0.01). A training loop calls it after each optimizer step. */
  afterStep?(): void;
  /** Returns the kind and the options, as plain JSON. */
  getConfig(): BackboneConfig;
  /** Returns a snapshot of all weights and running statistics. The caller disposes of the tensors. */
  getState(): NamedTensorMap;
  /**
   * Restores a snapshot. Checks all names and shapes before it writes the first tensor.
   * @throws ShapeError, DataError with the names and shapes found and expected; the state does not change
   */
  setState(state: NamedTensorMap): void;
  /** Frees all variables. */
  dispose(): void;
}
