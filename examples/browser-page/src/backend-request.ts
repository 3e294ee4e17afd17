/** A backend of TensorFlow.js that a page can run on. */
export type BackendName = 'webgpu' | 'webgl' | 'wasm';

/** Backend to start: one of them, or `auto` for the first that runs on hardware. */
export interface BackendRequest {
  readonly backend: BackendName | 'auto';
  /** Number of threads on wasm. */
  readonly threads: number;
}

/** The backend that has started. */
export interface BackendFacts {
  readonly backend: BackendName;
  /** Number of threads; 1 except on wasm. */
  readonly threads: number;
  /** Why it is not what was asked for, in sentences; empty if it is. */
  readonly notes: readonly string[];
}

/** Names of the backends for people. */
export const backendTitles: Readonly<Record<BackendName, string>> = {
  webgpu: 'WebGPU',
  webgl: 'WebGL',
  wasm: 'WebAssembly',
};
