import { enableWasmTraining } from '@openset/wasm-kernels';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import {
  type BackendFacts,
  type BackendName,
  type BackendRequest,
  backendTitles,
} from './backend-request.ts';

/**
 * Starts a backend. Falls back on the next of WebGPU, WebGL and wasm, and says so. `auto` skips graphics in software, which is slower
 * than wasm.
 */
export async function startBackend({ backend, threads }: BackendRequest): Promise<BackendFacts> {
  const order: readonly BackendName[] = ['webgpu', 'webgl', 'wasm'];
  const notes: string[] = [];
  for (const name of backend === 'auto' ? order : order.slice(order.indexOf(backend))) {
    const reason = await reasonAgainst(name, backend === 'auto');
    if (reason === null) {
      const started = await start(name, threads).catch((error: Error) => error);
      if (!(started instanceof Error)) return { ...started, notes: [...notes, ...started.notes] };
      if (backend !== 'auto') notes.push(`${backendTitles[name]} did not start (${started.message}).`);
    } else if (backend !== 'auto') notes.push(reason);
  }
  throw new Error(
    'No backend of TensorFlow.js starts in this browser. Update the browser, or use another one.',
  );
}

async function start(name: BackendName, threads: number): Promise<BackendFacts> {
  if (name !== 'wasm') {
    if (!(await tf.setBackend(name))) throw new Error('the browser refuses it');
    await tf.ready();
    return { backend: name, threads: 1, notes: [] };
  }
  setWasmPaths({
    'tfjs-backend-wasm.wasm': plainUrl,
    'tfjs-backend-wasm-simd.wasm': simdUrl,
    'tfjs-backend-wasm-threaded-simd.wasm': threadedUrl,
  });
  const { threads: running } = await enableWasmTraining({ threads });
  return { backend: name, threads: running, notes: wasmNotes(threads, running) };
}

/** Explains why fewer threads run than were asked for. */
function wasmNotes(threads: number, running: number): string[] {
  if (running >= threads) return [];
  if (globalThis.crossOriginIsolated) return [`WebAssembly runs on ${running} thread: more did not start.`];
  return [
    'WebAssembly runs on 1 thread, because the server does not isolate this page from other origins. To use more, serve it with ' +
      'the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
  ];
}

/**
 * Returns why a backend cannot be used; null if it can.
 * @param skipsSoftware whether a backend that only runs in software cannot
 */
async function reasonAgainst(name: BackendName, skipsSoftware: boolean): Promise<string | null> {
  if (name === 'webgpu') return reasonAgainstWebGpu(skipsSoftware);
  if (name === 'webgl') return reasonAgainstWebGl(skipsSoftware);
  return null;
}

/** The part of WebGPU's interface that is needed; TypeScript 5.9 does not have it. */
interface Gpu {
  requestAdapter(): Promise<{
    readonly info?: { readonly isFallbackAdapter?: boolean; readonly architecture?: string };
  } | null>;
}

async function reasonAgainstWebGpu(skipsSoftware: boolean): Promise<string | null> {
  const { gpu } = navigator as unknown as { gpu?: Gpu };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return 'This browser has no WebGPU here, so the next backend was taken.';
  const { isFallbackAdapter = false, architecture = '' } = adapter.info ?? {};
  return skipsSoftware && (isFallbackAdapter || /swiftshader/i.test(architecture))
    ? 'WebGPU runs in software.'
    : null;
}

function reasonAgainstWebGl(skipsSoftware: boolean): string | null {
  const context = typeof OffscreenCanvas === 'function' && new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!context) return 'This browser has no WebGL in workers, so WebAssembly was taken.';
  const details = context.getExtension('WEBGL_debug_renderer_info');
  const renderer = String(details ? context.getParameter(details.UNMASKED_RENDERER_WEBGL) : '');
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return skipsSoftware && /swiftshader|llvmpipe|software/i.test(renderer) ? 'WebGL runs in software.' : null;
}
