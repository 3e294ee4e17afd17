// Runs the worker thread from its TypeScript source inside the repository. Worker threads do not inherit tsx, and a thread that
// starts its own tsx and loads all of tfjs-core starts several times slower than one bundle without what it does not use.
import { rmSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { threadId } from 'node:worker_threads';
import { build } from 'esbuild';

// Inside the repository, so that the bundle finds sharp.
const outfile = fileURLToPath(
  new URL(`../../../../.cache/decode-worker-${process.pid}-${threadId}.mjs`, import.meta.url),
);
await build({
  entryPoints: [fileURLToPath(new URL('./decode-worker.ts', import.meta.url))],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  conditions: ['@openset/source'],
  external: ['sharp', '@tensorflow/*'],
});
try {
  await import(pathToFileURL(outfile).href);
} finally {
  rmSync(outfile, { force: true });
}
