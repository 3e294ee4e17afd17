import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { rootFolder } from './workspace.ts';

/**
 * Bundles a program, which processes of a test run, with all sources of this repository that it imports: a process then starts in a third of
 * the time. The packages of others stay imports.
 * @returns path of the bundle, in the repository
 */
export async function bundleProgram(path: string): Promise<string> {
  const outfile = join(rootFolder, '.cache', 'programs', basename(path).replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [path],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@openset/source'],
    plugins: [
      {
        name: 'keep-packages-of-others',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^[^./]/ }, ({ path: name, kind }) =>
            kind === 'entry-point' || name.startsWith('@openset/')
              ? undefined
              : { path: name, external: true },
          ),
      },
    ],
    logLevel: 'error',
  });
  return outfile;
}
