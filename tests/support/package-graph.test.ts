import { expect, it } from 'vitest';
import {
  directArrows,
  importTable,
  mermaidGraph,
  type PackageImports,
  withPackageGraph,
} from './package-graph.ts';

const packages: readonly PackageImports[] = [
  { name: 'cli', own: ['core', 'uss'], external: ['node:'] },
  { name: 'core', own: [], external: [] },
  { name: 'uss', own: ['core'], external: [] },
];

it('draws an arrow only if no path through other packages implies it', () => {
  expect(directArrows(packages)).toEqual([
    ['cli', 'uss'],
    ['uss', 'core'],
  ]);
  expect(mermaidGraph(packages)).toContain('  subgraph losses\n    uss[uss]\n  end');
  expect(mermaidGraph(packages)).toContain('  cli --> uss\n  uss --> core');
});

it('lists every direct import', () => {
  expect(importTable(packages)).toContain('| [`cli`](../packages/cli) | core, uss | `node:` |');
  expect(importTable(packages)).toContain('| [`core`](../packages/core) | – | – |');
});

it('replaces the text between the marks and keeps the rest', () => {
  const page = 'before\n<!-- packages:start -->\nstale\n<!-- packages:end -->\nafter\n';
  const updated = withPackageGraph(page, packages);
  expect(updated).toMatch(
    /^before\n<!-- packages:start -->\n```mermaid[\s\S]*\n<!-- packages:end -->\nafter\n$/,
  );
  expect(updated).not.toContain('stale');
  expect(withPackageGraph(updated, packages)).toBe(updated);
  expect(() => withPackageGraph('no marks', packages)).toThrow(/packages:start/);
});
