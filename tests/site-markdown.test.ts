import { createMarkdownRenderer } from 'vitepress';
import { expect, it } from 'vitest';
import { dotGraph, drawFlowchart } from '../docs/.vitepress/flowcharts.ts';
import { formulas } from '../docs/.vitepress/formulas.ts';
import { tableHeaders } from '../docs/.vitepress/table-headers.ts';

// VitePress has one renderer.
const markdown = await createMarkdownRenderer('.', {
  config: (renderer) => void renderer.use(tableHeaders).use(formulas),
});

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

it('empty cells of the header of a table are no headers, and a header of such cells alone is left out', () => {
  const cells = (text: string) => [...markdown.render(text).matchAll(/<(t[hd])/g)].map(([, tag]) => tag);
  expect(cells('| | b |\n|---|---|\n| 1 | 2 |\n')).toEqual(['th', 'td', 'th', 'td', 'td']);
  expect(cells('| | |\n|---|---|\n| 1 | 2 |\n')).toEqual(['td', 'td']);
});

it('formulas are shown, and one that KaTeX cannot show as it is written is refused', () => {
  expect(markdown.render('$a^2$ and\n\n$$\n\\frac{a}{b}\n$$\n').match(/v-pre/g)).toHaveLength(2);
  for (const formula of ['$a^$', '$$\n\\frac{a}{\n$$', '$\\unknown$', '$a % b$'])
    expect(() => markdown.render(formula)).toThrow('The site cannot show a formula: ParseError');
});
