import { createRequire } from 'node:module';
import { ConfigError } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendName, backendNames, backendPackages } from './backend-names.ts';

/** Options of `useBackend`. */
export interface BackendOptions {
  /** Number of threads; default: 1 for `wasm`, TensorFlow's own for `node` and `node-gpu`. Other backends ignore it. */
  readonly threads?: number | undefined;
  /** Fused multiply-add on `wasm`; default `'auto'`: if the engine supports it. */
  readonly relaxedSimd?: 'auto' | boolean | undefined;
}

/** The active backend. */
export interface RunningBackend {
  readonly name: BackendName;
  /** Number of threads; null if the backend does not report it. */
  readonly threads: number | null;
  /** Lines on how the backend differs from the request. */
  readonly notes: readonly string[];
}

/** Returns the fastest backend whose packages are installed. WebGPU must be requested by name. */
export function defaultBackend(): BackendName {
  return (['node-gpu', 'node'] as const).find(isInstalled) ?? 'wasm';
}

/** Whether the packages of a backend are installed. */
export function isInstalled(name: BackendName): boolean {
  return missingPackage(name) === null;
}

const require = createRequire(import.meta.url);

/** Returns the first package of a backend that is not installed; null if none is missing. */
export function missingPackage(name: BackendName): string | null {
  const isMissing = (specifier: string) => {
    try {
      require.resolve(specifier);
      return false;
    } catch (error) {
      // An installed package that has only ES modules fails with another code.
      return (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
    }
  };
  return backendPackages[name].find(isMissing) ?? null;
}

/**
 * Loads the packages of a backend and activates it.
 * @throws ConfigError if the backend is unknown, is not installed or does not start
 */
export async function useBackend(name: BackendName, options: BackendOptions = {}): Promise<RunningBackend> {
  const packages = backendPackages[name];
  if (!packages)
    throw new ConfigError(`The backend must be one of ${backendNames.join(', ')}, but is '${name}'.`);
  // Keeps the cpu backend from advertising tfjs-node.
  tf.enableProdMode();
  const isNode = name === 'node' || name === 'node-gpu';
  // TensorFlow reads the variable once, when it starts.
  if (isNode && options.threads) process.env.TF_NUM_INTRAOP_THREADS = String(options.threads);
  for (const specifier of packages) {
    try {
      if (isNode) restoreUtilities();
      if (specifier === 'webgpu') await installNodeWebGpu();
      // Node loads the CommonJS bundles of tfjs faster by `require`, as it does for the builds of our packages.
      else if (specifier.startsWith('@tensorflow/')) require(specifier);
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
  const requested = isNode ? (options.threads ?? null) : null;
  return { name, threads: wasm?.threads ?? (name === 'cpu' ? 1 : requested), notes: wasm?.notes ?? [] };
}

async function startWasm({ threads = 1, relaxedSimd = 'auto' }: BackendOptions) {
  const { enableWasmTraining } = await import('@openset/wasm-kernels');
  return enableWasmTraining({ threads, relaxedSimd });
}

/** Installs `navigator.gpu`, which Node lacks, from Dawn's bindings. */
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

/** Restores a function that tfjs-node 4.22 calls and Node 23 removed. */
function restoreUtilities(): void {
  const util = process.getBuiltinModule('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
}
