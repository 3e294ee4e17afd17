import * as Plot from '@observablehq/plot';
import { histogram } from '@openset/metrics';
import { parseHTML } from 'linkedom';
import { explanation, markdownTable, type Row } from './table.ts';

const { document } = parseHTML('<html></html>');
const colours = { same: '#1b9e77', different: '#d95f02' };

/** The report as one page that needs nothing else: histograms with the thresholds drawn in, ROC curves, the table. */
export function reportPage(rows: readonly Row[], settings: string): string {
  const sections = rows.map(
    (row) => `<h2>${row.name}</h2><div class="plots">${lossPlots(row).join('')}</div>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>openset quickstart</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1180px; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; font-size: 13px } th, td { border: 1px solid #ccc; padding: .3em .6em; text-align: left }
.plots { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; width: 370px } figcaption { font-size: 13px; color: #555 }
.same { color: ${colours.same} } .different { color: ${colours.different} }
</style>
<h1>openset quickstart: digits 0–6 trained, 7–9 never seen</h1>
<p>${settings}</p>
<p>${explanation}</p>
${htmlTable(rows)}
<h2>ROC</h2><div class="plots">${rocPlot(rows, 'seen', 'pairs of unseen images of 0–6')}${rocPlot(rows, 'unseen', 'pairs of 7–9, never seen')}</div>
<p>Below: how often each cosine occurs, for <b class="same">the same digit</b> and for <b class="different">different
digits</b>. The solid line is the learned threshold, where the loss learns one for this comparison; the dashed line the
best one in hindsight.</p>
${sections.join('\n')}
</html>
`;
}

function htmlTable(rows: readonly Row[]): string {
  const [head, , ...body] = markdownTable(rows)
    .split('\n')
    .map((line) => line.slice(2, -2).split(' | '));
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return `<table>${line(head!, 'th')}${body.map((cells) => line(cells, 'td')).join('')}</table>`;
}

function lossPlots({ threshold, seen, unseen, classes }: Row): string[] {
  const pairThreshold = threshold?.between === 'embeddings' ? threshold.cosine : null;
  const classThreshold = threshold?.between === 'embedding and class' ? threshold.cosine : null;
  const split = ({ similarities, isSame }: Row['seen'], wanted: number) =>
    similarities.filter((_, index) => isSame[index] === wanted);
  return [
    similarityPlot(
      'pairs of unseen images of 0–6',
      split(seen, 1),
      split(seen, 0),
      pairThreshold,
      seen.bestThreshold,
    ),
    similarityPlot(
      'pairs of 7–9, never seen',
      split(unseen, 1),
      split(unseen, 0),
      pairThreshold,
      unseen.bestThreshold,
    ),
    similarityPlot(
      'image and class: own class, nearest other class',
      classes.positives,
      classes.hardestNegatives,
      classThreshold,
      classes.bestThreshold,
    ),
  ];
}

function similarityPlot(
  caption: string,
  same: ArrayLike<number>,
  different: ArrayLike<number>,
  learned: number | null,
  best: number,
): string {
  const area = (values: ArrayLike<number>, fill: string) => {
    const { counts, edges } = histogram(values, { min: -1, max: 1, bins: 80 });
    const points = Array.from(counts, (count, bin) => ({
      cosine: edges[bin]!,
      next: edges[bin + 1]!,
      share: count / values.length,
    }));
    return Plot.rectY(points, { x1: 'cosine', x2: 'next', y: 'share', fill, fillOpacity: 0.55 });
  };
  const rule = (value: number, dashed: boolean) =>
    Plot.ruleX([value], { stroke: '#222', strokeWidth: 1.5, ...(dashed ? { strokeDasharray: '4 3' } : {}) });
  const lines = [rule(best, true), ...(learned === null ? [] : [rule(learned, false)])];
  const label = `best ${best.toFixed(2)}${learned === null ? '' : `, learned ${learned.toFixed(2)}`}`;
  return figure(`${caption} (${label})`, {
    x: { domain: [-1, 1], label: 'cosine' },
    y: { label: 'share (%)', percent: true },
    marks: [area(different, colours.different), area(same, colours.same), ...lines, Plot.ruleY([0])],
  });
}

function rocPlot(rows: readonly Row[], pairs: 'seen' | 'unseen', caption: string): string {
  const points = rows.flatMap((row) => row[pairs].roc.map((point) => ({ ...point, loss: row.name })));
  return figure(caption, {
    color: { domain: rows.map(({ name }) => name), scheme: 'Dark2' },
    x: { domain: [0, 1], label: 'false accepts' },
    y: { domain: [0, 1], label: 'true accepts' },
    marks: [
      Plot.line(points, { x: 'far', y: 'tar', stroke: 'loss', z: 'loss' }),
      Plot.text(
        rows.map(({ name }, index) => ({ name, y: 0.06 + 0.07 * (rows.length - 1 - index) })),
        { x: 0.98, y: 'y', text: 'name', fill: 'name', textAnchor: 'end', fontSize: 12 },
      ),
    ],
  });
}

function figure(caption: string, options: Plot.PlotOptions): string {
  const plot = Plot.plot({ ...options, document, width: 370, height: 240 });
  return `<figure>${plot.outerHTML}<figcaption>${caption}</figcaption></figure>`;
}
