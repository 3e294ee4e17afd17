import { enableWasmTraining, type WasmTraining } from '@openset/wasm-kernels';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** A matrix product that is large enough for all threads. */
export interface ThreadsReport {
  readonly enabled: WasmTraining;
  /** A checksum of the product's bits. */
  readonly product: number;
}

/** Enables wasm with a number of threads, and multiplies two matrices. */
export async function withThreads(threads: number): Promise<ThreadsReport> {
  setWasmPaths('/wasm/');
  const enabled = await enableWasmTraining({ threads });
  const bits = tf.tidy(() => {
    const values = tf.reshape(tf.linspace(-1, 1, 512 * 512), [512, 512]);
    const product = tf.matMul(values, tf.sin(tf.mul(values, 100)), true);
    return new Int32Array(product.dataSync().buffer);
  });
  return { enabled, product: bits.reduce((sum, value) => (Math.imul(sum, 31) + value) | 0, 0) };
}
