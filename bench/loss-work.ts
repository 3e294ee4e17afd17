import { lossGradients, type OpenSetLoss } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

export const batch = 128;
export const embeddingSize = 512;
/** The classes of CASIA-WebFace, and a count at which autograd over all pairs no longer fits into the wasm heap. */
export const classCounts = { casia: 10_572, large: 100_000 } as const;

/** Returns one step of a loss: its value, all gradients, and the update of its state. */
export function lossWork(loss: OpenSetLoss, embeddings: tf.Variable, labels: tf.Tensor1D): () => void {
  const variables = [embeddings, ...loss.trainable];
  return () => {
    const embed = () => embeddings as tf.Tensor2D;
    const options = { context: { epoch: 9 }, variables };
    const { value, gradients, step } = lossGradients(loss, embed, labels, options);
    value.dataSync();
    step.commit();
    step.dispose();
    tf.dispose([value, ...gradients.values()]);
  };
}
