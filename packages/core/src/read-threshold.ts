import type { LearnedThreshold, OpenSetLoss } from './contract.ts';

/**
 * Returns `loss.threshold()` on any backend. `threshold()` reads synchronously, which is slow on a GPU and impossible on some
 * (WebGPU in Node, and in browsers without a canvas for it). This function waits for the value instead.
 */
export async function readThreshold(loss: OpenSetLoss): Promise<LearnedThreshold | null> {
  // tfjs caches the values of an asynchronous read. A threshold comes from a unified bias, a single number.
  await Promise.all(loss.trainable.filter(({ size }) => size === 1).map((bias) => bias.data()));
  return loss.threshold();
}
