// Builds the documentation site into docs/.vitepress/dist: npm run docs:build
// An undocumented export, a dead link or any other warning fails it. The last line says how long it took.
import { spawnSync } from 'node:child_process';

const start = performance.now();
for (const command of ['npm run --silent docs:api', 'vitepress build docs']) {
  // npm adds node_modules/.bin to the path.
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
console.log(`documentation site: ${Math.round((performance.now() - start) / 1000)} s`);
