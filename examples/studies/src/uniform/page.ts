import { dotPlot } from '@openset/report';
import { mean, percent, spread } from '../numbers.ts';
import type { TrainingRecipe } from '../train-network.ts';
import type { ImageSet } from './images.ts';
import type { UniformRun } from './study.ts';

/** What the page tells. */
export interface UniformStudy {
  readonly set: ImageSet;
  readonly runs: readonly UniformRun[];
  readonly recipe: TrainingRecipe;
  readonly counts: { readonly train: number; readonly test: number };
  readonly machine: string;
  /** The line that makes this page. */
  readonly command: string;
}

const titles: Readonly<Record<ImageSet, string>> = {
  mnist: 'MNIST',
  fashion: 'Fashion-MNIST',
  cifar10: 'CIFAR-10',
};

/** The page as Markdown, which shows the figure `uniform-SET.svg` beside it. */
export function uniformPage({ set, runs, recipe, counts, machine, command }: UniformStudy): string {
  const names = [...new Set(runs.map(({ loss }) => loss))];
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  return `# Uniform classification of ${titles[set]}

Made by \`${command}\`; do not edit. ${machine}.

The question of "Rediscovering BCE Loss for Uniform Classification" (arXiv 2403.07289): how many test pictures are classified
rightly when *one* threshold has to separate the score of the right class from all others, for every picture? A small
CNN, trained on ${counts.train} pictures for ${recipe.steps} steps of batch ${recipe.batchSize} with each loss; scores W·x without normalisation,
measured on ${counts.test} test pictures. Mean over ${seeds} seeds, in brackets the lowest and the highest.

- **A_SW**: sample-wise accuracy, ordinary top-1. **A_CW**: one threshold for each class. **A_Uni**: one for all, the best there is.
- **at the learned bias**: A_Uni with the bias that the loss learned as the threshold, without a look at the test set.

| loss | A_SW | A_CW | A_Uni | at the learned bias | learned bias | best threshold |
| --- | --- | --- | --- | --- | --- | --- |
${names.map((name) => row(runs.filter(({ loss }) => loss === name))).join('\n')}

A_Uni of each run with its 95 % confidence interval over the test pictures:

| loss | ${Array.from({ length: seeds }, (_, index) => `seed ${index + 1}`).join(' | ')} |
| --- | ${Array.from({ length: seeds }, () => '---').join(' | ')} |
${names
  .map(
    (name) =>
      `| ${name} | ${runs
        .filter(({ loss }) => loss === name)
        .map(interval)
        .join(' | ')} |`,
  )
  .join('\n')}

![Accuracies of each loss](uniform-${set}.svg)

## The paper's claims, here

${claims(runs).join('\n')}
`;
}

/** What the paper says of its three losses, and what these runs say: an item of a list each. */
function claims(runs: readonly UniformRun[]): string[] {
  const of = (loss: UniformRun['loss']) => runs.filter((run) => run.loss === loss);
  const [softmax, diverse, unified] = [of('softmax'), of('BCE-diverse'), of('BCE-unified')];
  const lost = (run: UniformRun) => run.sampleWise - run.uniform;
  const losses = (group: readonly UniformRun[]) => `${points(mean(group.map(lost)))} (${group[0]!.loss})`;
  const isLess = unified.filter((run, index) => lost(run) < lost(softmax[index]!)).length;
  const isBetter = unified.filter((run, index) => run.uniform > diverse[index]!.uniform).length;
  const gain = mean(unified.map(({ uniform }) => uniform)) - mean(diverse.map(({ uniform }) => uniform));
  const missed = unified.map(({ uniform, uniformAtLearned }) => uniform - uniformAtLearned!);
  const seeds = (count: number) => `with ${count} of ${unified.length} seeds`;
  return [
    `- *Trained with BCE, less is lost when one threshold serves all pictures.* From A_SW to A_Uni are lost ${losses(softmax)},
  ${losses(diverse)}, ${losses(unified)}: the last loses less than the first ${seeds(isLess)}.`,
    `- *One bias for all classes is better than one for each.* A_Uni of BCE-unified is ${points(Math.abs(gain))} ${gain < 0 ? 'below' : 'above'} that of
  BCE-diverse; it is the higher one ${seeds(isBetter)}.`,
    `- *The learned bias is the threshold.* At it, A_Uni is ${points(mean(missed))} below the best in hindsight (at most ${points(Math.max(...missed))}).`,
  ];
}

function points(share: number): string {
  return `${(100 * share).toFixed(2)} points`;
}

/** The three accuracies of each loss with their spread over the seeds. */
export function uniformFigure({ runs }: UniformStudy): string {
  const kinds = [
    ['A_SW', ({ sampleWise }: UniformRun) => sampleWise],
    ['A_CW', ({ classWise }: UniformRun) => classWise],
    ['A_Uni', ({ uniform }: UniformRun) => uniform],
  ] as const;
  const names = [...new Set(runs.map(({ loss }) => loss))];
  const dots = kinds.flatMap(([group, of]) =>
    names.map((name) => {
      const shares = runs.filter(({ loss }) => loss === name).map((run) => 100 * of(run));
      return { group, name, value: mean(shares), low: Math.min(...shares), high: Math.max(...shares) };
    }),
  );
  return dotPlot(dots, { label: 'test pictures, per cent' }).svg;
}

function row(runs: readonly UniformRun[]): string {
  const learned = runs.map(({ learnedThreshold }) => learnedThreshold);
  const atLearned = runs.map(({ uniformAtLearned }) => uniformAtLearned);
  const cells = [
    runs[0]!.loss,
    shareSpread(runs.map(({ sampleWise }) => sampleWise)),
    shareSpread(runs.map(({ classWise }) => classWise)),
    shareSpread(runs.map(({ uniform }) => uniform)),
    atLearned.includes(null) ? '–' : shareSpread(atLearned as number[]),
    learned.includes(null) ? '–' : mean(learned as number[]).toFixed(2),
    mean(runs.map(({ bestThreshold }) => bestThreshold)).toFixed(2),
  ];
  return `| ${cells.join(' | ')} |`;
}

function shareSpread(shares: readonly number[]): string {
  return spread(shares, (share) => percent(share, 2));
}

function interval({ uniform, uniformInterval: [low, high] }: UniformRun): string {
  return `${percent(uniform, 2)} (${percent(low, 2)}–${percent(high, 2)})`;
}
