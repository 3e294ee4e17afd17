import {
  type BankLossKernelConfig,
  cosineBankLossKernel,
  cosineBankUpdateKernel,
  prepareFilterKernel,
  type RunPlanKernelConfig,
  runPlanKernel,
} from '@openset/core';
import { backend, getKernel, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { batchMatMul } from './batch-mat-mul.ts';
import { cast } from './cast.ts';
import { conv2DBackpropFilter } from './conv2d-backprop-filter.ts';
import { conv2DBackpropInput } from './conv2d-backprop-input.ts';
import { conv3D, conv3DBackpropFilter, conv3DBackpropInput } from './conv3d.ts';
import {
  cosineBankLoss,
  cosineBankUpdate,
  prefersUpdateWithLoss,
  supportsBankLoss,
} from './cosine-bank-loss.ts';
import { depthwiseBackpropFilter } from './depthwise-backprop-filter.ts';
import { depthwiseBackpropInput } from './depthwise-backprop-input.ts';
import { dilation2D, dilation2DBackpropFilter, dilation2DBackpropInput } from './dilation2d.ts';
import { einsum } from './einsum.ts';
import { elementwiseKernels } from './elementwise-kernels.ts';
import { conv2D, depthwiseConv2D, fusedConv2D, fusedDepthwiseConv2D } from './forward-convolutions.ts';
import { fusedMatMul } from './fused-mat-mul.ts';
import { withGradient } from './gradients.ts';
import { identity } from './identity.ts';
import { toKernelFunc } from './kernel-scope.ts';
import { describeNative, nativeModule } from './native-module.ts';
import { oneHot } from './one-hot.ts';
import { guardMemory } from './out-of-memory.ts';
import { avgPool, maxPool, maxPool3D, maxPoolWithArgmax } from './pools.ts';
import { resizeBilinearGrad, resizeNearestNeighborGrad } from './resize-gradients.ts';
import { prepareInferenceFilter, runInferencePlan } from './run-plan.ts';
import { type StockKernelName, stockKernels } from './stock-kernels.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';
import type { WasmBackend } from './wasm-backend.ts';

const implementations: Readonly<Record<string, KernelFunc>> = {
  _FusedMatMul: toKernelFunc(fusedMatMul),
  AvgPool: toKernelFunc(avgPool),
  BatchMatMul: toKernelFunc(batchMatMul),
  Cast: toKernelFunc(cast),
  Conv2D: toKernelFunc(conv2D),
  Conv2DBackpropFilter: toKernelFunc(conv2DBackpropFilter),
  Conv2DBackpropInput: toKernelFunc(conv2DBackpropInput),
  Conv3D: toKernelFunc(conv3D),
  Conv3DBackpropFilterV2: toKernelFunc(conv3DBackpropFilter),
  Conv3DBackpropInputV2: toKernelFunc(conv3DBackpropInput),
  Cumsum: stockKernel('Cumsum'),
  DepthwiseConv2dNative: toKernelFunc(depthwiseConv2D),
  DepthwiseConv2dNativeBackpropFilter: toKernelFunc(depthwiseBackpropFilter),
  DepthwiseConv2dNativeBackpropInput: toKernelFunc(depthwiseBackpropInput),
  Dilation2D: toKernelFunc(dilation2D),
  Dilation2DBackpropFilter: toKernelFunc(dilation2DBackpropFilter),
  Dilation2DBackpropInput: toKernelFunc(dilation2DBackpropInput),
  Einsum: toKernelFunc(einsum),
  FloorDiv: stockKernel('FloorDiv'),
  FusedConv2D: toKernelFunc(fusedConv2D),
  FusedDepthwiseConv2D: toKernelFunc(fusedDepthwiseConv2D),
  Identity: toKernelFunc(identity),
  Maximum: stockKernel('Maximum'),
  MaxPool: toKernelFunc(maxPool),
  MaxPool3D: toKernelFunc(maxPool3D),
  MaxPoolWithArgmax: toKernelFunc(maxPoolWithArgmax),
  Minimum: stockKernel('Minimum'),
  MirrorPad: stockKernel('MirrorPad'),
  OneHot: toKernelFunc(oneHot),
  Prod: stockKernel('Prod'),
  ResizeBilinearGrad: toKernelFunc(resizeBilinearGrad),
  ResizeNearestNeighborGrad: toKernelFunc(resizeNearestNeighborGrad),
  SquaredDifference: stockKernel('SquaredDifference'),
  UnsortedSegmentSum: toKernelFunc(unsortedSegmentSum),
  [cosineBankLossKernel]: cosineBankLoss,
  [prepareFilterKernel]: toKernelFunc(prepareInferenceFilter),
  [runPlanKernel]: toKernelFunc(runInferencePlan),
  [cosineBankUpdateKernel]: cosineBankUpdate,
  ...elementwiseKernels,
};

const kernels: Readonly<Record<string, KernelFunc>> = Object.fromEntries(
  Object.entries(implementations).map(([name, kernelFunc]) => [name, withGradient(name, kernelFunc)]),
);

/**
 * Names of the kernels that this package registers for the backend `'wasm'`: those that stock tfjs-backend-wasm lacks,
 * and replacements of stock kernels.
 */
export const registeredKernels: readonly string[] = Object.freeze(Object.keys(kernels));

/**
 * Registers the kernels of this package for the backend `'wasm'`. Importing the package does so already. Call it again
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
      ...(kernelName === runPlanKernel && planHooks),
    } satisfies BankLossKernelConfig);
  }
}

/** Hooks of the loss kernel. They also start and end what all kernels share: the memory guard and the threads. */
const bankLossHooks: Partial<BankLossKernelConfig> = {
  takesClasses: true,
  takesShards: true,
  keepsNoCopies: true,
  describe: () => describeNative(backend() as unknown as WasmBackend),
  supports: (inputs, options) => supportsBankLoss(backend() as unknown as WasmBackend, inputs, options),
  prefersUpdateWithLoss,
  setupFunc: (started) => guardMemory(started as unknown as WasmBackend),
  disposeFunc: (ended) => void nativeModule(ended as unknown as WasmBackend)?.setThreads(1),
};

/** Plans have no version in TypeScript: `@openset/backbones` then runs their steps as operations of tfjs. */
const planHooks: Partial<RunPlanKernelConfig> = {
  supports: () => nativeModule(backend() as unknown as WasmBackend) !== null,
};

/** Returns a kernel that computes as the stock one. It is registered for its gradient; see {@link withGradient}. */
function stockKernel(kernelName: StockKernelName): KernelFunc {
  return (call) => stockKernels().get(kernelName)!.kernelFunc(call);
}
