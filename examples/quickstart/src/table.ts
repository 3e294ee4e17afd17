import type { Evaluation } from './evaluate.ts';
import type { LossName } from './losses.ts';

/** One trained and judged loss. */
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

/** The results as a Markdown table. */
export function markdownTable(rows: readonly Row[]): string {
  const lines = [header, header.map(() => '---'), ...rows.map(cells)];
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** The results as columns for a terminal. */
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

/** What the columns mean, in a paragraph. */
export const explanation =
  'Trained on the digits 0–6. "Uniform accuracy": unseen images of 0–6 whose cosine with their own class lies above one ' +
  'threshold for all, and with every other class below it; sample-wise is ordinary top-1, class-wise one threshold per ' +
  'class. "Pairs": 10,000 pairs of unseen images, same digit or not; the best threshold is chosen on these pairs, the ' +
  'learned one was never shown them. 7–9 are digits the network has never seen: with seven classes to learn from, that ' +
  'is hard for every loss. A threshold for classes (embedding and class weight) is not one for pairs (two embeddings).';
