import { BackendWasm, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { getKernel, type KernelConfig } from '@tensorflow/tfjs-core';
import { backendMethods } from './wasm-backend.ts';

/** The kernels of tfjs-backend-wasm that ours are built from or replace. */
const required = [
  '_FusedMatMul',
  'Add',
  'AddN',
  'AvgPoolGrad',
  'BatchMatMul',
  'Cast',
  'Concat',
  'Conv2D',
  'Conv2DBackpropInput',
  'DepthwiseConv2dNative',
  'Elu',
  'FusedBatchNorm',
  'FusedConv2D',
  'FusedDepthwiseConv2D',
  'GatherV2',
  'Identity',
  'LeakyRelu',
  'Less',
  'MaxPoolGrad',
  'Mean',
  'Multiply',
  'OneHot',
  'PadV2',
  'Prelu',
  'Relu',
  'Relu6',
  'Reverse',
  'ScatterNd',
  'Select',
  'Sigmoid',
  'Slice',
  'SplitV',
  'Sum',
  'Tile',
  'Transpose',
] as const;

/** Name of a kernel that stock tfjs-backend-wasm provides and ours call. */
export type StockKernelName = (typeof required)[number];

const expectedVersion = '4.22';
let captured: ReadonlyMap<string, KernelConfig> | undefined;

/**
 * The kernels as tfjs-backend-wasm registered them, taken once, before ours replace some of them: ours must
 * reach the originals also after that.
 *
 * @throws Error if tfjs-backend-wasm is not the version these kernels were written for, or lacks one of them.
 */
export function stockKernels(): ReadonlyMap<string, KernelConfig> {
  captured ??= capture(version_wasm, BackendWasm.prototype, (name) => getKernel(name, 'wasm'));
  return captured;
}

/** {@link stockKernels} without its cache, for tests. */
export function capture(
  version: string,
  backendPrototype: object,
  find: (kernelName: string) => KernelConfig | undefined,
): ReadonlyMap<string, KernelConfig> {
  if (version !== expectedVersion && !version.startsWith(`${expectedVersion}.`)) {
    throw new Error(
      `@openset/wasm-kernels works with @tensorflow/tfjs-backend-wasm ${expectedVersion}, but found ${version}. ` +
        `Install that version: npm install @tensorflow/tfjs-backend-wasm@${expectedVersion}`,
    );
  }
  const absentMethods = backendMethods.filter((method) => !(method in backendPrototype));
  if (absentMethods.length > 0) {
    throw new Error(
      `@openset/wasm-kernels needs methods that BackendWasm of tfjs-backend-wasm ${version} does not have: ` +
        `${absentMethods.join(', ')}. Check that nothing replaces the package with another build.`,
    );
  }
  const found = new Map<string, KernelConfig>();
  for (const name of required) {
    const kernel = find(name);
    if (kernel !== undefined) found.set(name, kernel);
  }
  const absent = required.filter((name) => !found.has(name));
  if (absent.length > 0) {
    throw new Error(
      `@openset/wasm-kernels is built from kernels of tfjs-backend-wasm, but of the ${required.length} that it ` +
        `needs these are not registered for the backend 'wasm': ${absent.join(', ')}. Usual causes: two copies ` +
        `of @tensorflow/tfjs-core (see npm ls @tensorflow/tfjs-core), or a bundler that dropped ` +
        `the import of @tensorflow/tfjs-backend-wasm as free of side effects.`,
    );
  }
  return found;
}
