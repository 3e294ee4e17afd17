import { BackendWasm, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import { backendMethods } from './wasm-backend.ts';

/** The kernels of tfjs-backend-wasm that ours call or replace. */
const required = [
  '_FusedMatMul',
  'Add',
  'AddN',
  'AvgPool',
  'AvgPoolGrad',
  'BatchMatMul',
  'Cast',
  'Concat',
  'Conv2D',
  'Conv2DBackpropInput',
  'Conv3D',
  'Cumsum',
  'DepthwiseConv2dNative',
  'Elu',
  'FloorDiv',
  'FusedBatchNorm',
  'FusedConv2D',
  'FusedDepthwiseConv2D',
  'GatherV2',
  'Identity',
  'LeakyRelu',
  'Less',
  'Maximum',
  'MaxPool',
  'MaxPoolGrad',
  'Mean',
  'Minimum',
  'MirrorPad',
  'Multiply',
  'OneHot',
  'PadV2',
  'Prelu',
  'Prod',
  'Relu',
  'Relu6',
  'ResizeNearestNeighbor',
  'Reverse',
  'ScatterNd',
  'Select',
  'Sigmoid',
  'Slice',
  'SplitV',
  'SquaredDifference',
  'Sum',
  'Tile',
  'Transpose',
] as const;

/** Name of a kernel in stock tfjs-backend-wasm that ours call. */
export type StockKernelName = (typeof required)[number];

const expectedVersion = '4.22';
let captured: ReadonlyMap<string, KernelConfig> | undefined;

/**
 * Returns the kernels that tfjs-backend-wasm registers. The first call captures them before ours replace some, so that
 * ours can still call the originals.
 *
 * @throws Error if tfjs-backend-wasm has an unsupported version, or lacks one of the kernels
 */
export function stockKernels(): ReadonlyMap<string, KernelConfig> {
  captured ??= capture(version_wasm, BackendWasm.prototype, (name) => getKernel(name, 'wasm'));
  return captured;
}

/** Returns {@link stockKernels} without a cache, for tests. */
export function capture(
  version: string,
  backendPrototype: object,
  find: (kernelName: string) => KernelConfig | undefined,
): ReadonlyMap<string, KernelConfig> {
  if (version !== expectedVersion && !version.startsWith(`${expectedVersion}.`)) {
    throw new Error(
      `@openset/wasm-kernels requires @tensorflow/tfjs-backend-wasm ${expectedVersion}, but found ${version}. ` +
        `Install that version: npm install @tensorflow/tfjs-backend-wasm@${expectedVersion}`,
    );
  }
  const missingMethods = backendMethods.filter((method) => !(method in backendPrototype));
  if (missingMethods.length > 0) {
    throw new Error(
      `@openset/wasm-kernels requires methods that BackendWasm of tfjs-backend-wasm ${version} lacks: ` +
        `${missingMethods.join(', ')}. Check that nothing replaces the package with another build.`,
    );
  }
  const found = new Map<string, KernelConfig>();
  for (const name of required) {
    const kernel = find(name);
    if (kernel !== undefined) found.set(name, kernel);
  }
  const missing = required.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw new Error(
      `Kernels are missing from the backend 'wasm': ${missing.join(', ')}. @openset/wasm-kernels calls ` +
        `${required.length} kernels of tfjs-backend-wasm. Check for two copies of @tensorflow/tfjs-core ` +
        `(npm ls @tensorflow/tfjs-core), or for a bundler that drops the import of @tensorflow/tfjs-backend-wasm ` +
        `as free of side effects.`,
    );
  }
  return found;
}
