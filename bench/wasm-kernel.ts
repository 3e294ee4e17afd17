import { enableWasmTraining, registeredKernels, registerWasmKernels } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';
import { enableNative } from '../packages/wasm-kernels/src/native-module.ts';
import { stockKernels } from '../packages/wasm-kernels/src/stock-kernels.ts';

/** Starts the wasm backend with this project's kernels on `threads` threads. */
export async function startWasm(threads = 1): Promise<void> {
  const { notes } = await enableWasmTraining({ threads });
  for (const note of notes) console.warn(note);
}

/** Wraps work so that it runs with the kernels of stock tfjs-backend-wasm; restores the registered kernels afterwards. */
export function onStock(work: () => void): () => void {
  return () => {
    for (const name of registeredKernels) {
      tf.unregisterKernel(name, 'wasm');
      const kernel = stockKernels().get(name);
      if (kernel) tf.registerKernel(kernel);
    }
    try {
      work();
    } finally {
      registerWasmKernels();
    }
  };
}

/** Kernels that stock lacks and that the gradients of convolutions and lookups need. */
const missingInStock = [
  'Conv2DBackpropFilter',
  'DepthwiseConv2dNativeBackpropFilter',
  'DepthwiseConv2dNativeBackpropInput',
  'UnsortedSegmentSum',
];

/** Wraps work so that it runs with the stock kernels, and with plain TypeScript versions of those that stock lacks. */
export function onPlainKernels(work: () => void): () => void {
  return () => {
    const own = missingInStock.map((name) => tf.getKernel(name, 'wasm'));
    enableNative(false);
    try {
      onStock(() => {
        for (const kernel of own) tf.registerKernel(kernel);
        work();
      })();
    } finally {
      enableNative(true);
    }
  };
}

/** Returns a function that runs a kernel as it is registered. */
export function openset(name: string, inputs: Record<string, tf.Tensor>, attributes: object): () => void {
  return () => tf.dispose(tf.engine().runKernel(name, inputs, attributes as tf.NamedAttrMap));
}

/** Returns a function that runs the kernel of stock tfjs-backend-wasm; null if stock has none. */
export function stock(
  name: string,
  inputs: Record<string, tf.Tensor>,
  attributes: object,
): (() => void) | null {
  const kernel = stockKernels().get(name);
  if (!kernel) return null;
  const backend = tf.backend();
  return () => {
    const output = kernel.kernelFunc({ inputs, backend, attrs: attributes as tf.NamedAttrMap });
    (backend as tf.KernelBackend).disposeData((output as tf.TensorInfo).dataId);
  };
}

/** Creates a tensor of reproducible values. */
export function sample(shape: number[]): tf.Tensor {
  return tf.randomUniform(shape, -1, 1, 'float32', 1);
}

/** Creates reproducible labels, spread over the classes. */
export function sampleLabels(batch: number, numClasses: number): tf.Tensor1D {
  return tf.tensor1d(
    Array.from({ length: batch }, (_, row) => (row * 7919) % numClasses),
    'int32',
  );
}
