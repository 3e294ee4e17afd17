import { createMarkdownRenderer } from 'vitepress';
import { expect, it } from 'vitest';
import { dotGraph, drawFlowchart } from '../docs/.vitepress/flowcharts.ts';
import { tableHeaders } from '../docs/.vitepress/table-headers.ts';

it('a flowchart is drawn with its groups, boxes and arrows', () => {
  const lines = ['flowchart TD', 'subgraph losses', 'a_b[a-b]', 'end', 'core[core]', 'a_b --> core'];
  const drawing = drawFlowchart(lines.join('\n'));
  const texts = [...drawing.matchAll(/<text[^>]*>(.*?)<\/text>/g)].map(([, text]) => text);
  expect(texts).toEqual(['losses', 'a&#45;b', 'core']);
  expect(drawing.match(/class="edge"/g)).toHaveLength(1);
  // The style sheet of the site chooses the colours.
  expect(drawing).not.toMatch(/ (fill|stroke)="/);
});

it('a flowchart with a line that cannot be drawn is refused', () => {
  expect(() => dotGraph('flowchart TD\n  a -.-> b')).toThrow(
    'The site cannot draw this line of a flowchart: a -.-> b',
  );
});

it('empty cells of the header of a table are no headers, and a header of such cells alone is left out', async () => {
  const markdown = await createMarkdownRenderer('.', {
    config: (renderer) => void renderer.use(tableHeaders),
  });
  const cells = (text: string) => [...markdown.render(text).matchAll(/<(t[hd])/g)].map(([, tag]) => tag);
  expect(cells('| | b |\n|---|---|\n| 1 | 2 |\n')).toEqual(['th', 'td', 'th', 'td', 'td']);
  expect(cells('| | |\n|---|---|\n| 1 | 2 |\n')).toEqual(['td', 'td']);
});
