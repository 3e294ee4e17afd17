import { enableWasmTraining } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs';

/** Starts the wasm backend with the training kernels. Returns the number of threads. */
export async function startWasm(threads: number): Promise<number> {
  // Keeps the cpu backend from advertising tfjs-node.
  tf.enableProdMode();
  const { notes, ...training } = await enableWasmTraining({ threads });
  console.error(`wasm: ${training.threads} threads, relaxed SIMD ${training.relaxedSimd ? 'on' : 'off'}`);
  for (const note of notes) console.error(note);
  return training.threads;
}
