import type { LearnedThreshold, OpenSetLoss } from './contract.ts';

/**
 * `loss.threshold()` for every backend. Reading a value at once, as `threshold()` does, is slow on a GPU and
 * impossible on some (WebGPU in Node, and in browsers without a canvas for it); this waits for it instead.
 */
export async function readThreshold(loss: OpenSetLoss): Promise<LearnedThreshold | null> {
  // Once read, tfjs keeps the values at hand. A threshold comes from a unified bias: a single number.
  await Promise.all(loss.trainable.filter(({ size }) => size === 1).map((bias) => bias.data()));
  return loss.threshold();
}
