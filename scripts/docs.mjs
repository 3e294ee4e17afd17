// Builds the documentation site into docs/.vitepress/dist, or serves it while it is edited: docs.mjs build|dev [OPTIONS of vitepress].
// An undocumented export, a dead link or any other warning fails the build. Its last line says how long it took.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const [mode, ...options] = process.argv.slice(2);
if (mode !== 'build' && mode !== 'dev') throw new Error('Usage: docs.mjs build|dev [OPTIONS of vitepress]');
const start = performance.now();

/**
 * Runs a command to its end. Ends this process if it fails.
 * @param {string} command
 */
async function run(command) {
  // npm adds node_modules/.bin to the path.
  const [status] = await once(spawn(command, { shell: true, stdio: 'inherit' }), 'close');
  if (status !== 0) process.exit(status ?? 1);
}

// The API reference uses one processor.
await Promise.all([run('npm run --silent docs:api'), run('npm run --silent docs:demo')]);
await run(['vitepress', mode, 'docs', ...options].join(' '));
if (mode === 'build') console.log(`documentation site: ${Math.round((performance.now() - start) / 1000)} s`);
