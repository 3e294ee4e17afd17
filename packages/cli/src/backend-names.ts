/** Backends that the command can run on, with the npm packages that provide each. */
export const backendPackages = {
  cpu: ['@tensorflow/tfjs-backend-cpu'],
  wasm: ['@tensorflow/tfjs-backend-wasm', '@openset/wasm-kernels'],
  node: ['@tensorflow/tfjs-node'],
  webgpu: ['webgpu', '@tensorflow/tfjs-backend-webgpu'],
  'node-gpu': ['@tensorflow/tfjs-node-gpu'],
} as const;

/** A value of `--backend`. */
export type BackendName = keyof typeof backendPackages;

/** All values of `--backend`. */
export const backendNames = Object.keys(backendPackages) as BackendName[];

/** Maximum number of threads: `enableWasmTraining` rejects more. */
export const maximumThreads = 64;
