import { builtinModules } from 'node:module';
import ts from 'typescript';

/** A source file, as far as the import rules go. */
export interface Importer {
  /** The package it lies in, without the scope: `uss`. */
  readonly package: string;
  /** Whether it takes part in tests only. */
  readonly isTest: boolean;
}

const tfjsCore = '@tensorflow/tfjs-core';

/**
 * What the source of a package may import beside its own files. A package that is not listed is a loss or builds on
 * losses from outside: it may import core and tfjs-core, so that losses never import each other.
 */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  backbones: ['@openset/core', tfjsCore, '@tensorflow/tfjs-layers'],
  core: [tfjsCore],
  data: ['@openset/core', tfjsCore, 'fast-png', 'jpeg-js', 'node:', 'sharp'],
  metrics: [],
  onnx: ['@openset/core', tfjsCore, '@tensorflow/tfjs-layers', 'node:', 'protobufjs'],
  report: ['@openset/metrics', '@observablehq/plot', 'linkedom', 'sharp'],
  testkit: ['@openset/core', tfjsCore, 'vitest', 'node:'],
  train: ['@openset/core', tfjsCore, 'node:'],
  verify: ['@openset/core', '@openset/metrics', tfjsCore],
  'wasm-kernels': ['@openset/core', tfjsCore, '@tensorflow/tfjs-backend-wasm'],
};
const allowedByDefault = ['@openset/core', tfjsCore];

/** The packages where everything comes together. */
const compositionRoots = new Set(['cli']);

/** What test files may import in addition. */
const allowedInTests = [
  '@openset/testkit',
  '@openset/wasm-kernels',
  'fast-check',
  'onnxruntime-node',
  'vitest',
  'node:',
  '@tensorflow/tfjs',
];

/** Packages of the modules that a TypeScript text imports, types and literal `import()` included. */
export function importedPackages(text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const packages = importedFiles.map(({ fileName }) => packageOf(fileName));
  return [...new Set(packages)].filter((name) => !name.startsWith('.')).sort();
}

/** `@openset/testkit/vitest` → `@openset/testkit`; `fs` and `node:fs/promises` → `node:`. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('.')) return specifier;
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return 'node:';
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Why a file may not import a package; null if it may. */
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
