import { defineConfig } from 'vite';
import { pageConfig } from '../browser-page/src/vite/page-config.ts';
import { digitsFile } from './src/vite/digits-file.ts';

export default defineConfig(
  pageConfig({
    root: import.meta.dirname,
    plugins: [digitsFile()],
    workerModules: ['@tensorflow/tfjs-layers'],
  }),
);
