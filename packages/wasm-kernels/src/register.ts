import { type BankLossKernelConfig, cosineBankLossKernel } from '@openset/core';
import { backend, getKernel, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { batchMatMul } from './batch-mat-mul.ts';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.ts';
import { conv2DBackpropInput } from './conv2d-backprop-input.ts';
import { conv3DBackpropFilter, conv3DBackpropInput } from './conv3d-gradients.ts';
import { cosineBankLoss, supportsBankLoss } from './cosine-bank-loss.ts';
import { depthwiseBackpropFilter } from './depthwise-backprop-filter.ts';
import { depthwiseBackpropInput } from './depthwise-backprop-input.ts';
import { dilation2D, dilation2DBackpropFilter, dilation2DBackpropInput } from './dilation2d.ts';
import { einsum } from './einsum.ts';
import { elementwiseKernels } from './elementwise-kernels.ts';
import { conv2D, depthwiseConv2D, fusedConv2D, fusedDepthwiseConv2D } from './forward-convolutions.ts';
import { fusedMatMul } from './fused-mat-mul.ts';
import { registerGradients } from './gradients.ts';
import { identity } from './identity.ts';
import { toKernelFunc } from './kernel-scope.ts';
import { describeNative, nativeModule } from './native-module.ts';
import { oneHot } from './one-hot.ts';
import { guardMemory } from './out-of-memory.ts';
import { avgPool, maxPool, maxPool3D } from './pools.ts';
import { resizeBilinearGrad, resizeNearestNeighborGrad } from './resize-gradients.ts';
import { stockKernels } from './stock-kernels.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';
import type { WasmBackend } from './wasm-backend.ts';

const kernels: Readonly<Record<string, KernelFunc>> = {
  _FusedMatMul: toKernelFunc(fusedMatMul),
  AvgPool: toKernelFunc(avgPool),
  BatchMatMul: toKernelFunc(batchMatMul),
  Conv2D: toKernelFunc(conv2D),
  Conv2DBackpropFilter: toKernelFunc(conv2DBackpropFilter),
  Conv2DBackpropInput: toKernelFunc(conv2DBackpropInput),
  Conv3DBackpropFilterV2: toKernelFunc(conv3DBackpropFilter),
  Conv3DBackpropInputV2: toKernelFunc(conv3DBackpropInput),
  DepthwiseConv2dNative: toKernelFunc(depthwiseConv2D),
  DepthwiseConv2dNativeBackpropFilter: toKernelFunc(depthwiseBackpropFilter),
  DepthwiseConv2dNativeBackpropInput: toKernelFunc(depthwiseBackpropInput),
  Dilation2D: toKernelFunc(dilation2D),
  Dilation2DBackpropFilter: toKernelFunc(dilation2DBackpropFilter),
  Dilation2DBackpropInput: toKernelFunc(dilation2DBackpropInput),
  Einsum: toKernelFunc(einsum),
  FusedConv2D: toKernelFunc(fusedConv2D),
  FusedDepthwiseConv2D: toKernelFunc(fusedDepthwiseConv2D),
  Identity: toKernelFunc(identity),
  MaxPool: toKernelFunc(maxPool),
  MaxPool3D: toKernelFunc(maxPool3D),
  OneHot: toKernelFunc(oneHot),
  ResizeBilinearGrad: toKernelFunc(resizeBilinearGrad),
  ResizeNearestNeighborGrad: toKernelFunc(resizeNearestNeighborGrad),
  UnsortedSegmentSum: toKernelFunc(unsortedSegmentSum),
  [cosineBankLossKernel]: cosineBankLoss,
  ...elementwiseKernels,
};

/**
 * Names of the kernels that this package registers for the backend `'wasm'`: those that stock tfjs-backend-wasm lacks,
 * and replacements of stock kernels.
 */
export const registeredKernels: readonly string[] = Object.freeze(Object.keys(kernels));

/**
 * Registers the kernels of this package for the backend `'wasm'`, and the gradients in gradients.ts. Importing the package does so already. Call it again
 * only after something else has unregistered or replaced them. It is idempotent, and may run before or after the backend
 * is initialised.
 *
 * @throws Error if tfjs-backend-wasm is not version 4.22, or if it lacks a kernel that ours call. Nothing changes in that
 *   case.
 */
export function registerWasmKernels(): void {
  const stock = stockKernels();
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const present = getKernel(kernelName, 'wasm');
    if (present?.kernelFunc === kernelFunc) continue;
    if (present !== undefined) unregisterKernel(kernelName, 'wasm');
    // In these hooks, stock kernels bind their WebAssembly functions when the backend is initialised.
    const { setupFunc, disposeFunc } = stock.get(kernelName) ?? {};
    registerKernel({
      kernelName,
      backendName: 'wasm',
      kernelFunc,
      ...(setupFunc && { setupFunc }),
      ...(disposeFunc && { disposeFunc }),
      ...(kernelName === cosineBankLossKernel && bankLossHooks),
    } satisfies BankLossKernelConfig);
  }
  registerGradients();
}

/** Hooks of the loss kernel. They also start and end what all kernels share: the memory guard and the threads. */
const bankLossHooks: Partial<BankLossKernelConfig> = {
  takesClasses: true,
  keepsNoCopies: true,
  describe: () => describeNative(backend() as unknown as WasmBackend),
  supports: (inputs, options) => supportsBankLoss(backend() as unknown as WasmBackend, inputs, options),
  setupFunc: (started) => {
    guardMemory(started as unknown as WasmBackend);
    // An import of `@tensorflow/tfjs` after that of this package has replaced them.
    registerGradients();
  },
  disposeFunc: (ended) => void nativeModule(ended as unknown as WasmBackend)?.setThreads(1),
};
