import { defaultClientConditions, defineConfig } from 'vite';
import { digitsFile } from './src/vite/digits-file.ts';

/** Threads of WebAssembly need a page that is isolated from other origins. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  root: import.meta.dirname,
  // The built page works in any folder of a server.
  base: './',
  plugins: [digitsFile()],
  resolve: { conditions: ['@openset/source', ...defaultClientConditions] },
  worker: { format: 'es' },
  server: { headers },
  preview: { headers },
  build: { target: 'esnext', chunkSizeWarningLimit: 2500 },
  // Found only when the worker starts; without this list, the first visit would load the page twice.
  optimizeDeps: {
    include: [
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js',
      '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js',
      '@tensorflow/tfjs-backend-webgl',
      '@tensorflow/tfjs-backend-webgpu',
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-core/dist/register_all_gradients',
      '@tensorflow/tfjs-layers',
      '@openset/data > jpeg-js',
    ],
  },
});
