import { expect, it } from 'vitest';
import { headingNames, relativeLinks } from './markdown-links.ts';

it('finds links to files and headings, and skips code and web addresses', () => {
  const markdown = [
    '[a](docs/a.md) and ![b](b.svg), [`c`](c.ts#part), [d](#own-part), [web](https://example.org)',
    '```ts',
    'const x = y[0](z);',
    '```',
    'inline `list[0](argument)` code',
  ].join('\n');
  expect(relativeLinks(markdown)).toEqual([
    { path: 'docs/a.md', heading: '' },
    { path: 'b.svg', heading: '' },
    { path: 'c.ts', heading: 'part' },
    { path: '', heading: 'own-part' },
  ]);
});

it('derives the names of headings as GitHub does', () => {
  const markdown = '# The path of `openset train`\n```sh\n# no heading\n```\n## Softmax, CosFace, ArcFace\n';
  expect(headingNames(markdown)).toEqual(['the-path-of-openset-train', 'softmax-cosface-arcface']);
});
