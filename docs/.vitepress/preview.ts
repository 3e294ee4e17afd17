import { join } from 'node:path';
import { defineConfig } from 'vite';
import { isolationHeaders } from './isolation-headers.ts';

// Serves the built site as a host does that sends the headers for threads: npm run docs:preview
export default defineConfig({
  root: import.meta.dirname,
  appType: 'mpa',
  build: { outDir: join(import.meta.dirname, 'dist') },
  preview: { headers: isolationHeaders },
});
