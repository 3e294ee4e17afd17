import { type Backbone, type EmbeddingEngine, embedImages, hasSynchronousReads } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Returns a backbone on the active tfjs backend as an engine. A `Verifier` without an engine computes the same embeddings.
 * @param backbone the caller disposes of it; `dispose` of the engine does nothing
 */
export function backboneEngine(backbone: Backbone): EmbeddingEngine {
  return {
    name: tf.getBackend(),
    async embed(images, shape) {
      const rows = tf.tidy(() => embedImages(backbone, tf.tensor4d(images, [...shape])));
      try {
        return (hasSynchronousReads() ? rows.dataSync() : await rows.data()) as Float32Array;
      } finally {
        rows.dispose();
      }
    },
    async dispose() {},
  };
}
