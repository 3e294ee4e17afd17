import { ConfigError } from '@openset/core';
import type { WasmTrainingOptions } from '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs-core';

/** Backends the command can run on, with the npm packages that bring each. */
const backendPackages = {
  cpu: ['@tensorflow/tfjs-backend-cpu'],
  wasm: ['@tensorflow/tfjs-backend-wasm', '@openset/wasm-kernels'],
  node: ['@tensorflow/tfjs-node'],
  webgpu: ['webgpu', '@tensorflow/tfjs-backend-webgpu'],
} as const;

/** Names a `--backend` option takes. */
export type BackendName = keyof typeof backendPackages;

/** The words that `--backend` takes. */
export const backendNames = Object.keys(backendPackages) as BackendName[];

/**
 * Loads a backend's packages and makes it the active one.
 * @param training threads and relaxed SIMD of the wasm backend
 * @throws ConfigError if it is unknown, not installed, or does not start here, or if it is not wasm and takes no options
 */
export async function useBackend(name: BackendName, training: WasmTrainingOptions = {}): Promise<void> {
  const packages = backendPackages[name];
  if (!packages)
    throw new ConfigError(`The backend must be one of ${backendNames.join(', ')}, but is '${name}'.`);
  for (const specifier of packages) {
    try {
      if (specifier === '@tensorflow/tfjs-node') restoreUtilities();
      if (specifier === 'webgpu') await installNodeWebGpu();
      else await import(specifier);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new ConfigError(
        `The backend '${name}' needs the package ${specifier}: npm install ${specifier}. (${reason})`,
      );
    }
  }
  if (Object.keys(training).length > 0) {
    if (name !== 'wasm') throw new ConfigError('--threads and --relaxed-simd go with --backend wasm.');
    const { enableWasmTraining } = await import('@openset/wasm-kernels');
    await enableWasmTraining(training);
  }
  const registered = name === 'node' ? 'tensorflow' : name;
  if (!(await tf.setBackend(registered)))
    throw new ConfigError(`The backend '${name}' did not start on this machine.`);
  await tf.ready();
}

/** Node has no `navigator.gpu`; Dawn's bindings bring one. */
async function installNodeWebGpu(): Promise<void> {
  const specifier: string = 'webgpu';
  const { create, globals } = (await import(specifier)) as {
    create: (flags: string[]) => unknown;
    globals: Record<string, unknown>;
  };
  Object.assign(globalThis, globals);
  const navigator = { ...globalThis.navigator, gpu: create([]) };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
}

/** tfjs-node 4.22 calls a function that Node 23 took out. */
function restoreUtilities(): void {
  const util = process.getBuiltinModule('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
}
