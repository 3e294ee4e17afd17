import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { headingNames, relativeLinks } from './support/markdown-links.ts';
import { rootFolder, writtenFiles } from './support/workspace.ts';

const documents = writtenFiles(rootFolder).filter((path) =>
  /^((packages|examples)\/[^/]+\/README|README|CONTRIBUTING|docs\/.*)\.md$/.test(path),
);

it.each(documents)('%s links to files and headings that exist', (document) => {
  const text = readFileSync(join(rootFolder, document), 'utf8');
  const broken = relativeLinks(text).filter(({ path, heading }) => {
    const target = path === '' ? document : join(dirname(document), path);
    if (!existsSync(join(rootFolder, target))) return true;
    if (heading === '') return false;
    return !headingNames(readFileSync(join(rootFolder, target), 'utf8')).includes(heading);
  });
  expect(broken).toEqual([]);
});
