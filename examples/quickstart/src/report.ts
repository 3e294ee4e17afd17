import { type Figure, reportPage as page, rocPlot, similarityPlot } from '@openset/report';
import { explanation, markdownTable, type Row } from './table.ts';

const size = { width: 370, height: 260 };

/** Returns the report as one self-contained page: the table, ROC curves, and histograms that mark the thresholds. */
export function reportPage(rows: readonly Row[], settings: string): string {
  const roc = (pairs: 'seen' | 'unseen', caption: string) =>
    rocPlot(
      rows.map((row) => ({ name: row.name, curve: curveOf(row[pairs].roc) })),
      { caption, ...size },
    );
  return page({
    title: 'openset quickstart: digits 0–6 trained, 7–9 never seen',
    introduction: `${settings}\n\n${explanation}`,
    sections: [
      { heading: 'Results', table: table(rows) },
      {
        heading: 'ROC',
        figures: [roc('seen', 'pairs of unseen images of 0–6'), roc('unseen', 'pairs of 7–9, never seen')],
        text:
          'The histograms below show how often each cosine occurs for the same digit and for different digits. The solid ' +
          'line is the learned threshold, if the loss learns one for this comparison. The dashed line is the best ' +
          'threshold in hindsight.',
      },
      ...rows.map((row) => ({ heading: row.name, figures: lossPlots(row) })),
    ],
  });
}

function table(rows: readonly Row[]) {
  const [columns, , ...body] = markdownTable(rows)
    .split('\n')
    .map((line) => line.slice(2, -2).split(' | '));
  return { columns: columns!, rows: body };
}

function curveOf(points: Row['seen']['roc']) {
  return {
    far: Float64Array.from(points, ({ far }) => far),
    tar: Float64Array.from(points, ({ tar }) => tar),
  };
}

function lossPlots({ threshold, seen, unseen, classes }: Row): Figure[] {
  const pairThreshold = threshold?.between === 'embeddings' ? threshold.cosine : null;
  const classThreshold = threshold?.between === 'embedding and class' ? threshold.cosine : null;
  const ofKind = ({ similarities, isSame }: Row['seen'], wanted: number) =>
    similarities.filter((_, index) => isSame[index] === wanted);
  const pairs = (result: Row['seen'], caption: string) =>
    plot(caption, ofKind(result, 1), ofKind(result, 0), pairThreshold, result.bestThreshold);
  return [
    pairs(seen, 'pairs of unseen images of 0–6'),
    pairs(unseen, 'pairs of 7–9, never seen'),
    plot(
      'image and class: own class, nearest other class',
      classes.positives,
      classes.hardestNegatives,
      classThreshold,
      classes.bestThreshold,
    ),
  ];
}

function plot(
  caption: string,
  same: ArrayLike<number>,
  different: ArrayLike<number>,
  learned: number | null,
  best: number,
): Figure {
  const label = `best ${best.toFixed(2)}${learned === null ? '' : `, learned ${learned.toFixed(2)}`}`;
  const thresholds = [
    { name: 'best', value: best, dashed: true },
    ...(learned === null ? [] : [{ name: 'learned', value: learned }]),
  ];
  return similarityPlot({ same, different, thresholds }, { caption: `${caption} (${label})`, ...size });
}
