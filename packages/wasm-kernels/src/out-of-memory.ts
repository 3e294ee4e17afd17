import { OutOfMemoryError } from '@openset/core';
import { engine } from '@tensorflow/tfjs-core';
import type { EmscriptenModule } from './backend-internals.ts';
import type { WasmBackend } from './wasm-backend.ts';

const guarded = new WeakSet<WasmBackend>();
/** Bytes that 32-bit addresses reach. */
const maxHeapBytes = 2 ** 32;

/**
 * Makes a backend throw if its heap is full. Stock tfjs-backend-wasm uses the 0 that `malloc` then returns as an
 * address, and writes the tensor over the data of its own program.
 */
export function guardMemory(backend: WasmBackend): void {
  const { wasm } = backend as { wasm?: Partial<EmscriptenModule> };
  if (guarded.has(backend) || !wasm?._malloc || !wasm._free) return;
  guarded.add(backend);
  // On its first call, emscripten replaces a stub with the function of the program.
  wasm._free(wasm._malloc(1));
  const malloc = wasm._malloc;
  wasm._malloc = (bytes) => {
    const address = bytes < maxHeapBytes ? malloc(bytes) : 0;
    if (address === 0 && bytes > 0) throw outOfMemory(bytes, wasm.HEAPU8?.length ?? 0);
    return address;
  };
}

const advice = {
  option: 'batchSize',
  text:
    'Use smaller batches, or several micro-batches whose gradients you add up; sample the classes of the loss; dispose of ' +
    'unused tensors (tf.tidy).',
};

function outOfMemory(bytes: number, heap: number): OutOfMemoryError {
  const { numTensors, numBytes } = engine().memory() as { numTensors: number; numBytes: number };
  const megabytes = (count: number) => `${(count / 2 ** 20).toFixed(1)} MB`;
  return new OutOfMemoryError(
    `The wasm backend has no room for ${megabytes(bytes)} (${bytes} bytes): its heap is ${megabytes(heap)} of at most ` +
      `${megabytes(maxHeapBytes)}, and ${numTensors} tensors hold ${megabytes(numBytes)}.`,
    { advice },
  );
}
