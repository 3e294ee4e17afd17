import type { Evaluation } from './evaluate.ts';
import type { LossName } from './losses.ts';

/** Evaluation of one trained loss. */
export interface Row extends Evaluation {
  readonly name: LossName;
  readonly seconds: number;
}

const header = [
  'loss',
  'learned threshold',
  'uniform accuracy (at learned)',
  'sample- / class-wise',
  'pairs 0–6: at learned / best',
  'EER',
  'pairs 7–9: at learned / best',
  'EER',
];

const percent = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
const cosine = (value: number) => value.toFixed(2);

function cells({ name, threshold, seen, unseen, classes }: Row): string[] {
  const pairs = ({ learnedAccuracy, bestAccuracy, bestThreshold }: Row['seen']) =>
    `${percent(learnedAccuracy)} / ${percent(bestAccuracy)} (t = ${cosine(bestThreshold)})`;
  const between = threshold?.between === 'embeddings' ? 'pairs' : 'classes';
  return [
    name,
    threshold ? `${cosine(threshold.cosine)} (${between})` : '–',
    `${percent(classes.uniform)} at t = ${cosine(classes.bestThreshold)} (${percent(classes.learnedUniform)})`,
    `${percent(classes.sampleWise)} / ${percent(classes.classWise)}`,
    pairs(seen),
    percent(seen.equalErrorRate),
    pairs(unseen),
    percent(unseen.equalErrorRate),
  ];
}

/** Returns the results as a Markdown table. */
export function markdownTable(rows: readonly Row[]): string {
  const lines = [header, header.map(() => '---'), ...rows.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** Returns the results as aligned columns for a terminal. */
export function textTable(rows: readonly Row[]): string {
  const lines = [header, ...rows.map(cells)];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Meaning of the columns, as a paragraph. */
export const explanation =
  'Trained on the digits 0–6. Uniform accuracy: share of unseen images of 0–6 for which one common threshold separates the ' +
  'cosine with their own class from those with all other classes. Sample-wise accuracy is ordinary top-1; class-wise ' +
  'accuracy has one threshold per class. Pairs: 10,000 pairs of unseen images of the same digit or of different digits. ' +
  'The best threshold is chosen on these pairs; the learned one has not seen them. The network has never seen the digits ' +
  '7–9, which are hard for every loss after seven training classes. A threshold for classes (embedding and class weight) ' +
  'is not a threshold for pairs (two embeddings).';
