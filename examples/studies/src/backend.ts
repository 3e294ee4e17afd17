import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs';

/** Starts the wasm backend with the training kernels. */
export async function startWasm(_threads: number): Promise<void> {
  // Keeps the cpu backend from advertising tfjs-node.
  tf.enableProdMode();
  await tf.setBackend('wasm');
  await tf.ready();
}
