import type { UserConfig } from 'tsdown';

/** The one build configuration: every package is ESM only, built from `src/index.ts` with its types. */
export const libraryBuild: UserConfig = {
  entry: ['src/index.ts'],
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  sourcemap: true,
  fixedExtension: false,
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
};
