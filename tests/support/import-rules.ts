import { builtinModules } from 'node:module';
import ts from 'typescript';

/** The properties of a source file that the import rules depend on. */
export interface Importer {
  /** Name of its package without the scope: `uss`. */
  readonly package: string;
  /** Whether only tests use it. */
  readonly isTest: boolean;
}

const tfjsCore = '@tensorflow/tfjs-core';

/**
 * Packages that the source of a package may import. A package that is not listed is a loss package: it may import core and
 * tfjs-core, so that loss packages never import each other.
 */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  backbones: ['@openset/core', tfjsCore, '@tensorflow/tfjs-layers'],
  client: ['openapi-fetch'],
  core: [tfjsCore],
  data: ['@openset/core', tfjsCore, 'jpeg-js', 'node:', 'sharp'],
  distributed: ['@openset/core', 'koffi', 'node:'],
  faces: ['@openset/core', '@openset/data', '@openset/pretrained', tfjsCore, 'node:'],
  gallery: ['@openset/core', '@openset/metrics', '@openset/verify'],
  'gallery-indexeddb': ['@openset/core', '@openset/gallery'],
  'gallery-postgres': ['@openset/core', '@openset/gallery', '@openset/metrics', 'node:', 'pg'],
  'gallery-sqlite': ['@openset/core', '@openset/gallery', '@openset/metrics', 'better-sqlite3', 'node:'],
  metrics: [],
  onnx: ['@openset/core', tfjsCore, '@tensorflow/tfjs-layers', 'node:', 'onnxruntime-node', 'protobufjs'],
  pretrained: ['@openset/core', '@openset/backbones', tfjsCore, '@tensorflow/tfjs-converter', 'node:'],
  report: ['@openset/metrics', '@observablehq/plot', 'linkedom', 'sharp'],
  server: [
    '@openset/core',
    '@openset/gallery',
    '@openset/verify',
    '@fastify/multipart',
    '@fastify/rate-limit',
    '@fastify/static',
    '@fastify/swagger',
    'fastify',
    'node:',
    'prom-client',
    'typebox',
  ],
  testkit: ['@openset/core', '@openset/distributed', '@openset/gallery', tfjsCore, 'vitest', 'node:'],
  train: ['@openset/core', tfjsCore, 'node:'],
  verify: ['@openset/core', '@openset/metrics', tfjsCore],
  'wasm-kernels': ['@openset/core', tfjsCore, '@tensorflow/tfjs-backend-wasm'],
};
const allowedByDefault = ['@openset/core', tfjsCore];

/** Packages that may import all others. */
const compositionRoots = new Set(['cli']);

/** Packages that test files may import in addition. */
const allowedInTests = [
  '@electric-sql/pglite',
  '@electric-sql/pglite-pgvector',
  '@openset/testkit',
  '@openset/wasm-kernels',
  '@seriousme/openapi-schema-validator',
  'fake-indexeddb',
  'fast-check',
  'onnxruntime-node',
  'onnxruntime-web',
  'vitest',
  'node:',
  '@tensorflow/tfjs',
];

/** Returns the packages that a TypeScript text imports, including types and literal `import()`. */
export function importedPackages(text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const packages = importedFiles.map(({ fileName }) => packageOf(fileName));
  return [...new Set(packages)].filter((name) => !name.startsWith('.')).sort();
}

/** Returns the package of a module: `@openset/testkit/vitest` → `@openset/testkit`; `fs` and `node:fs/promises` → `node:`. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('.')) return specifier;
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return 'node:';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Returns the reason why a file must not import a package; null if it may. */
export function forbiddenImport(importer: Importer, imported: string): string | null {
  if (compositionRoots.has(importer.package) || imported === `@openset/${importer.package}`) return null;
  const allowed = allowedImports[importer.package] ?? allowedByDefault;
  if (allowed.includes(imported)) return null;
  if (importer.isTest) {
    if (allowedInTests.includes(imported) || imported.startsWith('@tensorflow/tfjs-')) return null;
    return `tests of ${importer.package} may not import ${imported}`;
  }
  return `${importer.package} may import ${allowed.join(', ') || 'nothing'}, not ${imported}`;
}
