import { defaultClientConditions, type PluginOption, type UserConfig } from 'vite';
import { refuseWarnings } from './refuse-warnings.ts';

/** Threads of WebAssembly need a page that is isolated from other origins. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** What differs between the pages. */
export interface PageOptions {
  /** Folder of the page. */
  readonly root: string;
  readonly plugins: PluginOption[];
  /**
   * Modules from npm that only the worker imports. Vite finds them when the worker starts; without this list, the first visit in
   * development would load the page twice.
   */
  readonly workerModules: readonly string[];
}

/** Returns the configuration of Vite for a page that runs TensorFlow.js in a worker. */
export function pageConfig({ root, plugins, workerModules }: PageOptions): UserConfig {
  return {
    root,
    // The built page works in any folder of a server.
    base: './',
    plugins: [...plugins, refuseWarnings()],
    resolve: { conditions: ['@openset/source', ...defaultClientConditions] },
    worker: { format: 'es' },
    server: { headers },
    preview: { headers },
    build: {
      target: 'esnext',
      chunkSizeWarningLimit: 2700,
      // On a machine that does something else too, every build is slow.
      rolldownOptions: { checks: { pluginTimings: false } },
    },
    optimizeDeps: {
      include: [
        '@tensorflow/tfjs-backend-wasm',
        '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js',
        '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js',
        '@tensorflow/tfjs-backend-webgl',
        '@tensorflow/tfjs-backend-webgpu',
        '@tensorflow/tfjs-core',
        '@tensorflow/tfjs-core/dist/register_all_gradients',
        '@openset/data > jpeg-js',
        ...workerModules,
      ],
    },
  };
}
