import { describe, expect, it } from 'vitest';
import { importCircles, importGraph } from './import-graph.ts';

describe('importGraph', () => {
  it('resolves every form of relative import to the files it was given', () => {
    const texts = new Map([
      [
        'src/a.ts',
        `import { b } from './b.ts';
         import type { C } from './inner/c.js';
         import { b2 } from './b.ts';
         import { readFile } from 'node:fs/promises';
         type D = import('../d.ts').D;
         const later = () => import('./e.ts');
         // import './no.ts'`,
      ],
      ['src/b.ts', `export * from './missing.ts';`],
      ['src/inner/c.ts', `export { a } from '../a.ts';`],
      ['d.ts', ''],
      ['src/e.ts', ''],
      ['src/no.ts', ''],
    ]);
    expect(Object.fromEntries(importGraph(texts))).toEqual({
      'src/a.ts': ['src/b.ts', 'src/inner/c.ts', 'd.ts', 'src/e.ts'],
      'src/b.ts': [],
      'src/inner/c.ts': ['src/a.ts'],
      'd.ts': [],
      'src/e.ts': [],
      'src/no.ts': [],
    });
  });
});

describe('importCircles', () => {
  const circles = (edges: Record<string, string[]>) => importCircles(new Map(Object.entries(edges)));

  it('finds none where imports have a direction, even if they meet again', () => {
    expect(circles({ a: ['b', 'c'], b: ['d'], c: ['d'], d: [] })).toEqual([]);
  });

  it('finds each circle once, with all of its files', () => {
    expect(circles({ a: ['b'], b: ['c'], c: ['a', 'd'], d: ['e', 'f'], e: ['d'], f: [], g: ['a'] })).toEqual([
      ['d', 'e'],
      ['a', 'b', 'c'],
    ]);
  });

  it('joins circles that share a file, and counts a file that imports itself', () => {
    expect(circles({ a: ['b'], b: ['a', 'c'], c: ['b'], d: ['d'] })).toEqual([['a', 'b', 'c'], ['d']]);
  });
});
