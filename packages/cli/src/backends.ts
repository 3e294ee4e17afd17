import { createRequire } from 'node:module';
import { ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** Backends the command can run on, with the npm packages that bring each. */
const backendPackages = {
  cpu: ['@tensorflow/tfjs-backend-cpu'],
  wasm: ['@tensorflow/tfjs-backend-wasm', '@openset/wasm-kernels'],
  node: ['@tensorflow/tfjs-node'],
  webgpu: ['webgpu', '@tensorflow/tfjs-backend-webgpu'],
  'node-gpu': ['@tensorflow/tfjs-node-gpu'],
} as const;

/** Names a `--backend` option takes. */
export type BackendName = keyof typeof backendPackages;

/** The words that `--backend` takes. */
export const backendNames = Object.keys(backendPackages) as BackendName[];

/** The most threads that can be asked for: `enableWasmTraining` refuses more. */
export const mostThreads = 64;

/** What a backend is started with. */
export interface BackendOptions {
  /** Threads; default 1 for `wasm`, and what TensorFlow takes for `node` and `node-gpu`. The others have no choice. */
  readonly threads?: number | undefined;
  /** Fused multiply-add of `wasm`; default where the engine has it. */
  readonly relaxedSimd?: 'auto' | boolean | undefined;
}

/** A backend that has started. */
export interface RunningBackend {
  readonly name: BackendName;
  /** Null where the backend does not tell, or has none. */
  readonly threads: number | null;
  /** Why it is not as it was asked for. */
  readonly notes: readonly string[];
}

/** The fastest backend whose packages are installed; WebGPU is used only where it is asked for. */
export function defaultBackend(): BackendName {
  return (['node-gpu', 'node'] as const).find(isInstalled) ?? 'wasm';
}

/** Whether the packages of a backend can be found. */
export function isInstalled(name: BackendName): boolean {
  return missingPackage(name) === null;
}

/** The first package of a backend that cannot be found; null if all are there. */
export function missingPackage(name: BackendName): string | null {
  const { resolve } = createRequire(import.meta.url);
  const isMissing = (specifier: string) => {
    try {
      resolve(specifier);
      return false;
    } catch (error) {
      // A package of ES modules alone cannot be required, but it is there.
      return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    }
  };
  return backendPackages[name].find(isMissing) ?? null;
}

/**
 * Loads a backend's packages and makes it the active one.
 * @throws ConfigError if it is unknown, not installed, or does not start here
 */
export async function useBackend(name: BackendName, options: BackendOptions = {}): Promise<RunningBackend> {
  const packages = backendPackages[name];
  if (!packages)
    throw new ConfigError(`The backend must be one of ${backendNames.join(', ')}, but is '${name}'.`);
  // Keeps the cpu backend from advertising tfjs-node.
  tf.enableProdMode();
  const isNode = name === 'node' || name === 'node-gpu';
  // TensorFlow reads it when it starts.
  if (isNode && options.threads) process.env.TF_NUM_INTRAOP_THREADS = String(options.threads);
  for (const specifier of packages) {
    try {
      if (isNode) restoreUtilities();
      if (specifier === 'webgpu') await installNodeWebGpu();
      else await import(specifier);
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
      throw new ConfigError(
        `The backend '${name}' needs the package ${specifier}: npm install ${specifier}. (${reason})`,
      );
    }
  }
  const wasm = name === 'wasm' ? await startWasm(options) : null;
  const registered = isNode ? 'tensorflow' : name;
  if (!(await tf.setBackend(registered)))
    throw new ConfigError(`The backend '${name}' did not start on this machine.`);
  await tf.ready();
  const asked = isNode ? (options.threads ?? null) : null;
  return { name, threads: wasm?.threads ?? (name === 'cpu' ? 1 : asked), notes: wasm?.notes ?? [] };
}

async function startWasm({ threads = 1, relaxedSimd = 'auto' }: BackendOptions) {
  const { enableWasmTraining } = await import('@openset/wasm-kernels');
  return enableWasmTraining({ threads, relaxedSimd });
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
