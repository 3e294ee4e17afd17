import { far } from './measure.ts';
import { interval, minutesText } from './measurement-table.ts';
import type { SizeRun } from './sizes-study.ts';
import type { Recipe } from './train-once.ts';

/** What the page tells. */
export interface SizesStudy {
  readonly runs: readonly SizeRun[];
  readonly recipe: Recipe;
  readonly minutes: number;
  readonly machine: string;
  /** The line that makes this page. */
  readonly command: string;
}

/** The page as Markdown. */
export function sizesPage({ runs, recipe, minutes, machine, command }: SizesStudy): string {
  const best = runs.reduce((first, run) => (run.accuracy.estimate > first.accuracy.estimate ? run : first));
  return `# How large a network for ${minutes} minutes?

Made by \`${command}\`; do not edit. ${machine}.

More pixels and more channels make a better network, of which fewer steps fit into the same time. Each row is an LResNetE-IR with
${recipe.blocks.join(', ')} blocks that CosFace trained from random weights, with the recipe of [the LFW study](lfw.md); how many steps fit into
${minutes} minutes was found by trying some before (the minutes that they then took are in the last column). A fifth of the people of the training
set is held out, and the network is judged on pairs of their pictures, at most ten pictures of each: the pairs of the LFW study decide nothing here.

| pixels | width | accuracy | TAR@FAR ${far} | steps | epochs | trained for |
| --- | --- | --- | --- | --- | --- | --- |
${runs.map(row).join('\n')}

One seed, with 95 % confidence intervals (bootstrap over pairs, which share people: the true intervals are wider). The most in ${minutes} minutes:
${best.inputSize} × ${best.inputSize} pixels and a width of ${best.width}. Rows whose intervals overlap are not told apart by this.
`;
}

function row({ inputSize, width, accuracy, tarAtFar, steps, epochs, seconds }: SizeRun): string {
  const pixels = `${inputSize} × ${inputSize}`;
  return `| ${[pixels, width, interval(accuracy), interval(tarAtFar), steps, epochs, minutesText(seconds)].join(' | ')} |`;
}
