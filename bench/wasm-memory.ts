import * as tf from '@tensorflow/tfjs-core';

interface Heap {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

/** How far the memory that tensors and kernels hold on the wasm heap rises above what it was before. */
export function extraMegabytes(work: () => void): number {
  const { wasm } = tf.backend() as unknown as { wasm: Heap };
  const { _malloc, _free } = wasm;
  const sizes = new Map<number, number>();
  let [held, most] = [0, 0];
  wasm._malloc = (bytes) => {
    const address = _malloc(bytes);
    sizes.set(address, bytes);
    held += bytes;
    most = Math.max(most, held);
    return address;
  };
  wasm._free = (address) => {
    // What was there before counts for nothing.
    held -= sizes.get(address) ?? 0;
    sizes.delete(address);
    _free(address);
  };
  try {
    work();
    return most / 2 ** 20;
  } finally {
    Object.assign(wasm, { _malloc, _free });
  }
}
