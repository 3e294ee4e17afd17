import { instance } from '@viz-js/viz';
import type { MarkdownRenderer } from 'vitepress';

const graphviz = await instance();

/** Draws the flowcharts of Mermaid, as GitHub does. They are SVG on the page; `theme/style.css` gives them the colours of the scheme. */
export function flowcharts(markdown: MarkdownRenderer): void {
  const showCode = markdown.renderer.rules.fence!;
  markdown.renderer.rules.fence = (tokens, index, ...more) => {
    const { info, content } = tokens[index]!;
    return info.trim() === 'mermaid' ? drawFlowchart(content) : showCode(tokens, index, ...more);
  };
}

/** Returns a figure with the drawing of a flowchart. Groups and boxes run from left to right, because pages are narrow. */
export function drawFlowchart(mermaid: string): string {
  const svg = graphviz.renderString(dotGraph(mermaid), { format: 'svg', engine: 'dot' });
  const drawing = svg
    .slice(svg.indexOf('<svg'))
    .replaceAll(/ (fill|stroke|font-family|width|height)="[^"]*"/g, '')
    .replaceAll(/<title>.*?<\/title>\n?/g, '');
  return `<figure class="flowchart" v-pre tabindex="0" role="img" aria-label="Flowchart">${drawing}</figure>`;
}

/**
 * Returns the graph in the language of Graphviz.
 * @throws Error for a line that is none of: `flowchart TD`, `subgraph name`, `end`, `id[text]`, `id --> id`
 */
export function dotGraph(mermaid: string): string {
  const lines = mermaid
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const statements = lines.map((line) => {
    if (line === 'flowchart TD') return '';
    if (line === 'end') return '}';
    const [, group] = /^subgraph (\w+)$/.exec(line) ?? [];
    if (group !== undefined)
      return `subgraph "cluster_${group}" { label="${group}"; labeljust=l; style=rounded;`;
    const [, name, text] = /^(\w+)\[([^\]"]+)\]$/.exec(line) ?? [];
    if (name !== undefined) return `${name} [label="${text}"];`;
    const [, from, to] = /^(\w+) --> (\w+)$/.exec(line) ?? [];
    if (from !== undefined) return `${from} -> ${to};`;
    throw new Error(`The site cannot draw this line of a flowchart: ${line}`);
  });
  const defaults = [
    'graph [rankdir=LR, ranksep=0.45, nodesep=0.08, fontsize=12, fontname=Helvetica, bgcolor=transparent];',
    'node [shape=box, style=rounded, fontsize=12, fontname=Helvetica, height=0.28, margin="0.1,0.03"];',
    'edge [arrowsize=0.5];',
  ];
  return ['digraph {', ...defaults, ...statements, '}'].join('\n');
}
