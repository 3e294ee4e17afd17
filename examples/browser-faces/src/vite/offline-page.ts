import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const fileName = 'service-worker.js';
const program = fileURLToPath(new URL('./service-worker.js', import.meta.url));

/**
 * Returns a Vite plugin that adds a service worker to a build. It keeps all files of the build in the browser, so that the page works
 * without a network after the first visit. Another build has another version, and replaces them.
 */
export function offlinePage(): Plugin {
  let folder = '';
  return {
    name: 'offline-page',
    apply: 'build',
    configResolved({ root, build }) {
      folder = join(root, build.outDir);
    },
    writeBundle({ dir }) {
      const output = dir ?? folder;
      const files = readdirSync(output, { recursive: true, encoding: 'utf8' })
        .filter((path) => path !== fileName && statSync(join(output, path)).isFile())
        .map((path) => path.replaceAll(sep, '/'))
        .sort();
      const hash = createHash('sha256');
      for (const file of files) hash.update(file).update(readFileSync(join(output, file)));
      const facts = { version: hash.digest('hex').slice(0, 16), files };
      const text = readFileSync(program, 'utf8').replace("{ version: '', files: [] }", JSON.stringify(facts));
      writeFileSync(join(output, fileName), text);
    },
  };
}
