import { defineConfig } from 'vite';
import { pageConfig } from '../browser-page/src/vite/page-config.ts';
import { humanModels } from './src/vite/human-models.ts';
import { offlinePage } from './src/vite/offline-page.ts';

export default defineConfig(
  pageConfig({
    root: import.meta.dirname,
    plugins: [humanModels(), offlinePage()],
    workerModules: ['@openset/pretrained > @tensorflow/tfjs-converter', '@tensorflow/tfjs-layers'],
  }),
);
