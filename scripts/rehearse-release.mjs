// Rehearses a release: versions and publishes a copy of the repository to a registry on this machine, and uses the packages as users do.
// Changes nothing in the repository. `.ci/run` does the same among its tests.
import { spawnSync } from 'node:child_process';

for (const command of ['npm run --silent build', 'vitest run tests/install.test.ts']) {
  // npm adds node_modules/.bin to the path.
  const env = { ...process.env, OPENSET_REHEARSE_RELEASE: '1' };
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
