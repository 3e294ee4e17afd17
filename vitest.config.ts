import { defineConfig } from 'vitest/config';

const conditions = ['@openset/source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/*/src/**/*.test.ts', 'tests/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Tests that start processes of their own do it two at a time.
    maxConcurrency: 2,
    setupFiles: ['tests/setup.ts'],
  },
});
