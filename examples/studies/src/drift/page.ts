import { dotPlot } from '@openset/report';
import type { HeadRecipe } from '../faceres/head.ts';
import { mean, percent, spread } from '../numbers.ts';
import type { DriftRun } from './study.ts';

/** What the page tells. */
export interface DriftStudy {
  readonly runs: readonly DriftRun[];
  readonly recipe: HeadRecipe;
  readonly counts: { readonly images: number; readonly people: number };
  readonly machine: string;
}

/** The page as Markdown, which shows the figure `drift.svg` beside it. */
export function driftPage({ runs, recipe, counts, machine }: DriftStudy): string {
  const conditions = [...new Set(runs.map(({ condition }) => condition))];
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  const rows = conditions.flatMap((condition) =>
    vectorsOf(runs.filter((run) => run.condition === condition)),
  );
  return `# Do prototypes drift less than class weights?

Made by \`npm run study -- drift --train lfw-gray112-train\`; do not edit. ${machine}.

EPL (arXiv 2405.12447) says that class weights are dragged away from their class by the gradients of hard and wrongly labelled
samples, and that empirical prototypes, running means of the embeddings, are not. Here: heads of ${recipe.embeddingSize} numbers on the
frozen features of \`faceres\` (see [the study of heads](faceres.md)), trained on ${counts.images} pictures of ${counts.people} people for
${recipe.steps} steps of batch ${recipe.batchSize} at scale ${recipe.scale}, after a share of the pictures got somebody else's label, or had
its lower half covered.

- **Angle**: between a class's vector and its true centre, the mean of the embeddings of its *unchanged* pictures under their
  *true* labels; mean over the people.
- **Right**: share of the unchanged pictures whose own class has the most similar vector.

Mean over ${seeds} seeds; in brackets the lowest and the highest seed.

| training set | loss | vectors | angle | right |
| --- | --- | --- | --- | --- |
${rows.map(({ condition, loss, vectors, angles, right }) => `| ${condition} | ${loss} | ${vectors} | ${spread(angles, (angle) => `${angle.toFixed(1)}°`)} | ${spread(right, percent)} |`).join('\n')}

![Angles to the true centres](drift.svg)
`;
}

/** The angles with their spread over the seeds. */
export function driftFigure({ runs }: DriftStudy): string {
  const conditions = [...new Set(runs.map(({ condition }) => condition))];
  const dots = conditions.flatMap((condition) =>
    vectorsOf(runs.filter((run) => run.condition === condition)).map(({ loss, vectors, angles }) => ({
      group: condition,
      name: `${loss}, ${vectors}`,
      value: mean(angles),
      low: Math.min(...angles),
      high: Math.max(...angles),
    })),
  );
  return dotPlot(dots, { label: 'angle to the true centre, degrees', height: 360, width: 760 }).svg;
}

/** Each kind of class vectors under one condition, over the seeds. */
function vectorsOf(runs: readonly DriftRun[]) {
  const losses = [...new Set(runs.map(({ loss }) => loss))];
  return losses.flatMap((loss) => {
    const own = runs.filter((run) => run.loss === loss);
    const { condition } = own[0]!;
    const weights = {
      ...{ condition, loss, vectors: 'weights' },
      angles: own.map((run) => run.weights),
      right: own.map((run) => run.accuracyByWeights),
    };
    if (own[0]!.prototypes === null) return [weights];
    const prototypes = {
      ...{ condition, loss, vectors: 'prototypes' },
      angles: own.map((run) => run.prototypes!),
      right: own.map((run) => run.accuracyByPrototypes!),
    };
    return [weights, prototypes];
  });
}
