/** Lengths of the axes of a batch of images. */
export type ImageBatchShape = readonly [count: number, height: number, width: number, channels: number];

/**
 * Computes the raw embeddings of images with one trained network: on tfjs, or in another runtime. `Verifier` of `@openset/verify`
 * takes one, so everything that embeds images runs on any engine.
 */
export interface EmbeddingEngine {
  /** Name for people, such as `'onnxruntime'`. */
  readonly name: string;
  /**
   * Returns the raw embeddings of a batch, which are not normalised.
   * @param images row-major, in the range that the network was trained with. The engine reads them until the promise settles
   * @returns `[count, embeddingSize]` row-major; the caller owns it
   * @throws ShapeError if the images have another shape than the network takes
   */
  embed(images: Float32Array, shape: ImageBatchShape): Promise<Float32Array>;
  /** Frees what the engine holds; safe to call more than once. */
  dispose(): Promise<void>;
}
