// Rehearses a release: versions and publishes a copy of the repository to a registry on this machine, and uses the packages as users do.
// Changes nothing in the repository. `.ci/run` does the same as a part of `npm test`.
import { spawnSync } from 'node:child_process';

// npm adds node_modules/.bin to the path.
const { status } = spawnSync('vitest run tests/install.test.ts', {
  shell: true,
  stdio: 'inherit',
  env: { ...process.env, OPENSET_REHEARSE_RELEASE: '1' },
});
process.exitCode = status ?? 1;
