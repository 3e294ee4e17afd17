import { describe, expect, it } from 'vitest';
import { forbiddenImport, importedPackages, packageOf } from './import-rules.ts';

const source = (name: string) => ({ package: name, isTest: false });
const test = (name: string) => ({ package: name, isTest: true });

describe('importedPackages', () => {
  it('finds every form of import, and each package once', () => {
    const text = `
      import '@tensorflow/tfjs-backend-wasm';
      import type { OpenSetLoss } from '@openset/core';
      import { lossConformance } from '@openset/testkit/vitest';
      export { UssLoss } from '@openset/uss';
      import { readFile } from 'node:fs/promises';
      import { join } from 'path';
      import { near } from './near.ts';
      type Late = import('@openset/core').LossStep;
      const later = () => import('@openset/epl');
      // import 'not-this'
      const text = "import 'nor-this'";
    `;
    expect(importedPackages(text)).toEqual([
      '@openset/core',
      '@openset/epl',
      '@openset/testkit',
      '@openset/uss',
      '@tensorflow/tfjs-backend-wasm',
      'node:',
    ]);
  });
});

describe('packageOf', () => {
  it('cuts the path inside a package', () => {
    expect(packageOf('@tensorflow/tfjs-core/dist/ops/ops')).toBe('@tensorflow/tfjs-core');
    expect(packageOf('vitest/config')).toBe('vitest');
    expect(packageOf('./vitest.ts')).toBe('./vitest.ts');
  });
});

describe('forbiddenImport', () => {
  it.each([
    ['uss', '@openset/core'],
    ['uss', '@tensorflow/tfjs-core'],
    ['uss', '@openset/uss'],
    ['wasm-kernels', '@tensorflow/tfjs-backend-wasm'],
    ['testkit', 'vitest'],
    ['cli', '@openset/epl'],
    ['cli', '@tensorflow/tfjs-backend-cpu'],
  ])('lets %s import %s', (importer, imported) => {
    expect(forbiddenImport(source(importer), imported)).toBeNull();
  });

  it.each([
    ['uss', '@openset/margin'],
    ['uss', '@tensorflow/tfjs-backend-cpu'],
    ['uss', '@tensorflow/tfjs'],
    ['uss', 'node:'],
    ['uss', 'vitest'],
    ['core', '@openset/uss'],
    ['core', '@openset/metrics'],
    ['metrics', '@tensorflow/tfjs-core'],
    ['metrics', '@openset/core'],
    ['testkit', '@openset/uss'],
    ['wasm-kernels', '@tensorflow/tfjs-backend-cpu'],
    ['a-loss-written-later', '@openset/uss'],
    ['train', '@openset/data'],
  ])('does not let %s import %s', (importer, imported) => {
    expect(forbiddenImport(source(importer), imported)).toMatch(`${importer} may import`);
  });

  it('lets tests import the testkit and backends, but no other loss', () => {
    expect(forbiddenImport(test('uss'), '@openset/testkit')).toBeNull();
    expect(forbiddenImport(test('uss'), '@tensorflow/tfjs-backend-cpu')).toBeNull();
    expect(forbiddenImport(test('uss'), 'fast-check')).toBeNull();
    expect(forbiddenImport(test('uss'), '@openset/epl')).toMatch('tests of uss may not import @openset/epl');
  });
});
