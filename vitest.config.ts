import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const conditions = ['@openset/source', 'node', 'module'];

// Starting a process and loading tfjs takes longer than most test files take. So the test files share processes, except files
// that begin with `// @isolate`. tests/setup.ts gives every file the same backends.
const namesIn = (folder: string) => readdirSync(join(import.meta.dirname, folder));
const packageNames = namesIn('packages');
const exampleFolders = namesIn('examples').map((name) => `examples/${name}/src`);
const isolatedFiles = [
  'tests',
  ...exampleFolders,
  ...packageNames.map((name) => `packages/${name}/src`),
].flatMap((folder) =>
  readdirSync(join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.test.ts') && readFileSync(path, 'utf8').startsWith('// @isolate')),
);
/** Packages whose tests register the kernels of `@openset/wasm-kernels`; later files in the process use them too. */
const withKernels = ['backbones', 'cli', 'pretrained', 'wasm-kernels'];
const testsOf = (names: readonly string[]) => names.map((name) => `packages/${name}/src/**/*.test.ts`);
const commonTests = ['tests/**/*.test.ts', 'examples/*/src/**/*.test.ts'];
const shared = { isolate: false, exclude: isolatedFiles };

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Limits find what hangs; on a machine under load, everything takes several times as long. The reporter of stalls ends the rest.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: '100%',
    // Tests that start processes of their own do it two at a time.
    maxConcurrency: 2,
    globalSetup: ['tests/compile-kernels.ts'],
    setupFiles: ['tests/setup.ts'],
    // Commands keep features there instead of in the user's cache.
    env: { XDG_CACHE_HOME: join(tmpdir(), 'openset-test-cache') },
    // Tests with many random cases or large inputs run all of them only if `inject('long')`, as `npm run test:long` sets it.
    provide: { long: process.env.OPENSET_TEST_LONG === '1' },
    projects: [
      {
        extends: true,
        test: {
          name: 'isolated',
          include: isolatedFiles,
        },
      },
      {
        extends: true,
        test: { name: 'kernels', include: [...commonTests, ...testsOf(withKernels)], ...shared },
      },
      {
        extends: true,
        test: {
          name: 'packages',
          include: testsOf(packageNames.filter((name) => !withKernels.includes(name))),
          ...shared,
        },
      },
    ],
  },
});
