import { rocCurve } from '@openset/metrics';
import { rocPlot } from '@openset/report';
import { far, type Measurements } from './measure.ts';
import { interval, measurementRow, measurementTableHead, minutesText } from './measurement-table.ts';
import type { Recipe, TrainedRun } from './train-once.ts';

/** A run, and what it is measured by. */
export type RunResult = TrainedRun & Measurements;

/** What the page tells. */
export interface LfwStudy {
  readonly runs: readonly RunResult[];
  /** One run of the best loss, longer; null if it was left out. */
  readonly long: RunResult | null;
  readonly recipe: Recipe;
  readonly inputSize: number;
  readonly isSame: ArrayLike<boolean | number>;
  readonly counts: { readonly images: number; readonly people: number; readonly pairs: number };
  readonly machine: string;
  /** The line that makes this page. */
  readonly command: string;
}

/** The page as Markdown, which shows the figure `lfw-roc.svg` beside it. */
export function lfwPage(study: LfwStudy): string {
  const { runs, long, recipe, inputSize, counts, machine, command } = study;
  const names = [...new Set(runs.map(({ loss }) => loss))];
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  const blocks = recipe.blocks.join(', ');
  return `# Faces from nothing: four losses on a small part of LFW

Made by \`${command}\`; do not edit. ${machine}.

An LResNetE-IR with ${recipe.width} channels in its first stage and ${blocks} blocks, on grey pictures of ${inputSize} × ${inputSize}
pixels, is trained from random weights on ${counts.images} pictures of ${counts.people} people, a hundredth of the papers' smallest
training set, and judged on ${counts.pairs} pairs of other people: the size that [gives the most in six minutes](lfw-sizes.md). All losses have the same budget: ${recipe.steps} steps of batch
${recipe.batchSize} (${minutesText(Math.min(...runs.map(({ seconds }) => seconds)))} on the machine above when it does nothing else, wasm with two threads), SGD with momentum 0.9, learning rate
${recipe.learningRate} falling to 0 as a cosine, weight decay ${recipe.weightDecay}, scale ${recipe.scale}, flips and shifts. Embeddings are f(x) + f(mirrored x).

- **Accuracy**: the threshold with the most right answers on one fold, accuracy on the other; mean of both ways.
- **At the learned threshold**: accuracy on all pairs with the threshold that the loss learned in training, without a look
  at any of them. That of BCE-unified separates embeddings from class weights, not embeddings from embeddings: it is shown
  for what it is.
- **TAR@FAR ${far}**: share of the same pairs accepted where at most one in ${1 / far} different ones is.

Mean over ${seeds} seeds; in brackets the lowest and the highest seed.

| loss | ${measurementTableHead}
${names
  .map((name) =>
    measurementRow(
      name,
      runs.filter(({ loss }) => loss === name),
    ),
  )
  .join('\n')}

A learned threshold suits embeddings like those it was learned from: with five pictures of each person the network knows those people
much better than new ones, and the threshold is too strict for these. "Best" is what [calibration](../choosing-a-threshold.md) would choose.

Each run, with 95 % confidence intervals (bootstrap over the pairs of each fold and kind, which share people: the true intervals are wider):

| loss | seed | accuracy | at the learned threshold | TAR@FAR ${far} | epochs | minutes |
| --- | --- | --- | --- | --- | --- | --- |
${runs.map(runRow).join('\n')}
${long ? longSection(long) : ''}
![ROC curves of all losses, first seed](lfw-roc.svg)
`;
}

/** The ROC curves of the first seed of each loss, and of the long run. */
export function lfwFigure({ runs, long, isSame }: LfwStudy): string {
  const first = runs.filter(({ seed }) => seed === runs[0]?.seed);
  const curves = first.map(({ loss, cosines }) => ({
    name: loss as string,
    curve: rocCurve(cosines, isSame),
  }));
  if (long)
    curves.push({
      name: `${long.loss}, ${minutesText(long.seconds)}`,
      curve: rocCurve(long.cosines, isSame),
    });
  return rocPlot(curves, { farAxis: 'log', width: 640, height: 420 }).svg;
}

function longSection(run: RunResult): string {
  return `
The loss with the best mean accuracy, trained for ${run.steps} steps (${run.epochs} epochs, ${minutesText(run.seconds)}):

| loss | seed | accuracy | at the learned threshold | TAR@FAR ${far} | epochs | minutes |
| --- | --- | --- | --- | --- | --- | --- |
${runRow(run)}
`;
}

function runRow({ loss, seed, accuracy, accuracyAtLearned, tarAtFar, epochs, seconds }: RunResult): string {
  const cells = [
    loss,
    seed,
    interval(accuracy),
    accuracyAtLearned ? interval(accuracyAtLearned) : '–',
    interval(tarAtFar),
    epochs,
    (seconds / 60).toFixed(1),
  ];
  return `| ${cells.join(' | ')} |`;
}
