import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { build } from 'esbuild';
import { replaceBlock } from './replace-block.ts';
import { rootFolder, type WorkspacePackage, workspacePackages } from './workspace.ts';

/** Sizes of a package in bytes, minified and compressed with brotli, without TensorFlow.js and other peer dependencies. */
export interface PackageSize {
  readonly shortName: string;
  /** Size of the package's own code. */
  readonly own: number;
  /** Size with everything that it imports; null for packages that run in Node alone. */
  readonly total: number | null;
}

/** A program that imports a part of the packages. */
export interface Use {
  readonly title: string;
  readonly code: string;
}

/** Programs whose sizes `docs/bundle-sizes.md` states. */
export const uses: readonly Use[] = [
  {
    title: 'train with USS: `UssLoss`, `minimize`',
    code: "export { UssLoss } from '@openset/uss'; export { minimize } from '@openset/core';",
  },
  {
    title: 'train with UniTSFace over CosFace: `UniTSFaceLoss`, `CosFaceLoss`, `minimize`, `pairThreshold`',
    code: `export { UniTSFaceLoss } from '@openset/uss'; export { CosFaceLoss } from '@openset/margin';
      export { minimize, pairThreshold } from '@openset/core';`,
  },
  {
    title: 'train MobileFaceNet with ArcFace: `mobileFaceNet`, `ArcFaceLoss`, `Sgd`, `minimize`',
    code: `export { mobileFaceNet } from '@openset/backbones'; export { ArcFaceLoss } from '@openset/margin';
      export { Sgd } from '@openset/train'; export { minimize } from '@openset/core';`,
  },
  {
    title: 'compare embeddings with a threshold: `Verifier`',
    code: "export { Verifier } from '@openset/verify';",
  },
  {
    title: 'choose a threshold: `calibrateThreshold`',
    code: "export { calibrateThreshold } from '@openset/metrics';",
  },
];

/** Packages whose main entry runs in Node alone. */
const nodePackages = ['cli', 'gallery-postgres', 'gallery-sqlite', 'report', 'server', 'testkit'];

/** Measures every package. */
export function packageSizes(): Promise<PackageSize[]> {
  return Promise.all(
    workspacePackages().map(async ({ shortName, manifest }) => {
      const code = `export * from '${manifest.name}';`;
      const others = workspacePackages().map((one) => one.manifest.name);
      const isOther = (name: string) => name !== manifest.name;
      const own = await bundleSize(code, [...others.filter(isOther), ...dependenciesOf(manifest)]);
      return { shortName, own, total: nodePackages.includes(shortName) ? null : await bundleSize(code) };
    }),
  );
}

/**
 * Returns the bytes of a program, minified and compressed with brotli. Code that it does not use is left out.
 * @param code text of a module
 * @param external modules to leave out, beside peer dependencies and the modules of Node
 */
export async function bundleSize(code: string, external: readonly string[] = []): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: rootFolder, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['@openset/source', 'browser'],
    external: [...peers, ...external, 'node:*'],
    logLevel: 'error',
  });
  return (await promisify(brotliCompress)(outputFiles[0]!.contents)).length;
}

/** Names of all peer dependencies outside this project: TensorFlow.js, sharp, runtimes of ONNX. */
const peers = workspacePackages()
  .flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {}))
  .filter((name) => !name.startsWith('@openset/'))
  .concat('@tensorflow/*');

function dependenciesOf({ dependencies = {} }: WorkspacePackage['manifest']): string[] {
  return Object.keys(dependencies).filter((name) => !name.startsWith('@openset/'));
}

/** Returns the README of a package with its size. */
export function withPackageSize(readme: string, { own, total }: PackageSize): string {
  const text =
    total === null
      ? `${kilobytes(own)} of code, which runs in Node.`
      : `${kilobytes(own)}; ${kilobytes(total)} with everything that it imports.`;
  return replaceBlock(
    readme,
    'size',
    `${text} All exports, minified and compressed with brotli, without TensorFlow.js and peer dependencies: [sizes](../../docs/bundle-sizes.md).`,
  );
}

/** Returns `docs/bundle-sizes.md` with its tables. */
export function withSizeTables(
  page: string,
  packages: readonly PackageSize[],
  sizesOfUses: readonly number[],
): string {
  const rows = packages.map(
    ({ shortName, own, total }) =>
      `| [\`${shortName}\`](../packages/${shortName}) | ${kilobytes(own)} | ${total === null ? 'Node only' : kilobytes(total)} |`,
  );
  const packageTable = ['| package | own code | with everything that it imports |', '|---|---|---|', ...rows];
  const useRows = uses.map(({ title }, index) => `| ${title} | ${kilobytes(sizesOfUses[index]!)} |`);
  const useTable = ['| a page that imports | size |', '|---|---|', ...useRows];
  return replaceBlock(
    replaceBlock(page, 'package-sizes', packageTable.join('\n')),
    'use-sizes',
    useTable.join('\n'),
  );
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** Whether two texts differ only in sizes, by at most 5 % and 0.1 kB. */
export function isNearlyEqual(found: string, expected: string): boolean {
  const pattern = /(\d+\.\d) kB/g;
  if (found.replace(pattern, 'kB') !== expected.replace(pattern, 'kB')) return false;
  const numbers = (text: string) => [...text.matchAll(pattern)].map(([, number]) => Number(number));
  const wanted = numbers(expected);
  return numbers(found).every(
    (number, index) => Math.abs(number - wanted[index]!) <= 0.05 * wanted[index]! + 0.101,
  );
}

/** Path of the page with all sizes. */
export const sizesPage = join(rootFolder, 'docs', 'bundle-sizes.md');
