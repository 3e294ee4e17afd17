import { rocCurve } from '@openset/metrics';
import { rocPlot } from '@openset/report';
import { measurementRow, measurementTableHead } from '../lfw/measurement-table.ts';
import { percent } from '../numbers.ts';
import type { HeadRecipe } from './head.ts';
import type { HeadResult } from './study.ts';

/** What the page tells. */
export interface FaceresStudy {
  /** The frozen network without a head. */
  readonly alone: HeadResult;
  readonly runs: readonly HeadResult[];
  readonly recipe: HeadRecipe;
  readonly isSame: ArrayLike<boolean | number>;
  readonly counts: { readonly images: number; readonly people: number; readonly pairs: number };
  readonly machine: string;
}

/** The page as Markdown, which shows the figure `faceres-roc.svg` beside it. */
export function faceresPage({ alone, runs, recipe, counts, machine }: FaceresStudy): string {
  const names = [...new Set(runs.map(({ loss }) => loss))];
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  const { low, high } = alone.accuracy;
  return `# A threshold for somebody else's embeddings

Made by \`npm run study -- faceres --train lfw-gray112-train --pairs lfw-gray112-pairs\`; do not edit. ${machine}.

You have a network that was trained elsewhere, and "which threshold should I use?" is all that is missing. Here it is
\`faceres\` of [Human](https://github.com/vladmandic/human), 1024 numbers for a face, frozen. A head, a linear map to
${recipe.embeddingSize} numbers and a batch normalisation, is trained on its features of ${counts.images} pictures of ${counts.people} people
(${recipe.steps} steps of batch ${recipe.batchSize}, SGD with momentum 0.9, rate ${recipe.learningRate} falling to 0, weight decay ${recipe.weightDecay}, scale
${recipe.scale}; some seconds), and judged on ${counts.pairs} pairs of other people. Pictures are grey and not aligned, which is not what the
network was made for.

- **Accuracy**: the threshold with the most right answers on one fold, accuracy on the other; mean of both ways.
- **At the learned threshold**: accuracy on all pairs with the threshold that the loss learned. That of BCE-unified separates
  embeddings from class weights, not from each other.

Mean over ${seeds} seeds; in brackets the lowest and the highest seed. Without a head: 95 % interval of the accuracy
${percent(low)}–${percent(high)} (bootstrap over pairs).

| | ${measurementTableHead}
${measurementRow('faceres alone', [alone])}
${names
  .map((name) =>
    measurementRow(
      `head with ${name}`,
      runs.filter(({ loss }) => loss === name),
    ),
  )
  .join('\n')}

A learned threshold suits embeddings like those it was learned from. Where a head tells the people of its training set apart much better
than new people, as with five pictures of each, it is too strict for new ones, by the difference between the columns "learned" and
"best": measure on people who were held out, and calibrate (see [which threshold should I use?](../choosing-a-threshold.md)).

![ROC curves, first seed](faceres-roc.svg)
`;
}

/** The ROC curves of the network alone and of the first seed of each head. */
export function faceresFigure({ alone, runs, isSame }: FaceresStudy): string {
  const first = runs.filter(({ seed }) => seed === runs[0]?.seed);
  const curves = [alone, ...first].map(({ loss, cosines }) => ({
    name: loss ?? 'faceres alone',
    curve: rocCurve(cosines, isSame),
  }));
  return rocPlot(curves, { farAxis: 'log', width: 640, height: 420 }).svg;
}
