import { identityThresholdPlot } from '@openset/report';
import { mean, percent, spread } from '../numbers.ts';
import type { Recipe, TrainedRun } from './train-once.ts';

/** What the page tells. */
export interface ThresholdsStudy {
  readonly runs: readonly TrainedRun[];
  readonly recipe: Recipe;
  readonly inputSize: number;
  readonly machine: string;
  /** The line that makes this page. */
  readonly command: string;
}

/** The page as Markdown, which shows the figure `thresholds.svg` beside it. */
export function thresholdsPage({ runs, recipe, inputSize, machine, command }: ThresholdsStudy): string {
  const names = [...new Set(runs.map(({ loss }) => loss))];
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  const people = runs[0]!.thresholds.identities;
  const images = people.reduce((sum, { images: count }) => sum + count, 0);
  return `# The threshold that suits each person

Made by \`${command}\`; do not edit. ${machine}.

UniTSFace (arXiv 2311.02523) asks what a threshold learned for all is worth: where would that of each person alone lie? For
each picture one pair with another picture of the person, and one with a picture of everybody else, of which the most similar
counts; a person's threshold lies between the least similar of the first and the most similar of the second (eq. 19). The
less thresholds vary from person to person, the better one for all will do.

Here: ${people.length} people with ${images} pictures, none of whom was seen in training; the networks are those of [the LFW study](lfw.md)
(${inputSize} × ${inputSize} pixels, ${recipe.steps} steps). The paper measured its own training set with a network a hundred times as
large.

![Box plots of the thresholds, first seed; red: the learned threshold](thresholds.svg)

Mean over ${seeds} seeds; in brackets the lowest and the highest. "Inside": share of the people for whom a threshold exists that is
right for all of their pictures.

| loss | median | quartiles | between the quartiles | learned threshold | inside |
| --- | --- | --- | --- | --- | --- |
${names.map((name) => row(runs.filter(({ loss }) => loss === name))).join('\n')}
`;
}

/** Box plots of the first seed of each loss. */
export function thresholdsFigure({ runs }: ThresholdsStudy): string {
  const first = runs.filter(({ seed }) => seed === runs[0]?.seed);
  const groups = first.map(({ loss, thresholds, learned }) => ({
    name: loss as string,
    thresholds,
    ...(learned && { learned: learned.cosine }),
  }));
  return identityThresholdPlot(groups, { width: 640, height: 320 }).svg;
}

function row(runs: readonly TrainedRun[]): string {
  const all = runs.map(({ thresholds }) => thresholds);
  const learned = runs.flatMap(({ learned: threshold }) => threshold?.cosine ?? []);
  const lower = mean(all.map(({ lowerQuartile }) => lowerQuartile));
  const upper = mean(all.map(({ upperQuartile }) => upperQuartile));
  const cells = [
    runs[0]!.loss,
    spread(
      all.map(({ median }) => median),
      cosine,
    ),
    `${cosine(lower)}–${cosine(upper)}`,
    spread(
      all.map(({ lowerQuartile, upperQuartile }) => upperQuartile - lowerQuartile),
      cosine,
    ),
    learned.length === 0 ? '–' : spread(learned, cosine),
    percent(mean(all.map(({ separable }) => separable))),
  ];
  return `| ${cells.join(' | ')} |`;
}

function cosine(value: number): string {
  return value.toFixed(3);
}
