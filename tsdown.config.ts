import { join } from 'node:path';
import type { UserConfig } from 'tsdown';

/** The one build configuration: every package is ESM only, built from `src/index.ts` with its types. */
export const libraryBuild: UserConfig = {
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  tsconfig: join(import.meta.dirname, 'tsconfig.build.json'),
  // A build of all packages takes their types from one TypeScript program.
  dts: { eager: process.cwd() === import.meta.dirname },
  sourcemap: true,
  fixedExtension: false,
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
};

/** `tsdown` in the root folder builds every package. */
export default { workspace: ['packages/*'] } satisfies UserConfig;
