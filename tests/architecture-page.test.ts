import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { relativeLinks } from './support/markdown-links.ts';
import { packageImports, withPackageGraph } from './support/package-graph.ts';
import { rootFolder, workspacePackages } from './support/workspace.ts';

const folder = join(rootFolder, 'docs');
const page = readFileSync(join(folder, 'architecture.md'), 'utf8');

it('shows the packages as they import each other; npm run architecture updates the page', () => {
  expect(page).toBe(withPackageGraph(page, packageImports(workspacePackages())));
});

it('follows openset train to the first optimizer step in at most 15 files', () => {
  const [, path = ''] = /<!-- train-path:start -->([\s\S]*)<!-- train-path:end -->/.exec(page) ?? [];
  const files = relativeLinks(path).map((link) => link.path);
  expect(path.match(/^\d+\. /gm)).toHaveLength(files.length);
  expect(files.length).toBeGreaterThan(10);
  expect(files.length).toBeLessThanOrEqual(15);
  expect(files.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
});
