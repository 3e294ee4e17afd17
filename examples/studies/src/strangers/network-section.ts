import { percent } from '../numbers.ts';
import { startLoss } from './fine-tune.ts';
import type { NetworkTraining, StrangersRun } from './measure.ts';
import { networkSteps } from './networks.ts';
import { listText, table, wrapText } from './page-text.ts';
import { lostBy, pointsLost, rules, ruleTexts } from './points-lost.ts';

/** Describes the networks that were trained as a whole; empty if there are none. */
export function networkText(runs: readonly StrangersRun[]): string {
  const nothing = runs.filter(({ start }) => start === 'nothing');
  const tuned = runs.filter(({ start }) => start === 'fine-tuned');
  const parts: string[] = [];
  if (nothing.length > 0) {
    const { people, heldOut } = nothing[0]!;
    parts.push(
      `*From nothing*: one small network for each loss, trained from random weights on ${people - heldOut} people for ` +
        `${stepsText(nothing)}; ${heldOut} others are held out.`,
    );
  }
  if (tuned.length > 0) {
    parts.push(
      `*Fine-tuned*: the ${startLoss} network from nothing, trained further with each loss on the same people for ${stepsText(tuned)}, ` +
        'with the recipe of `openset train --init`: a learning rate of 0.001, and weight decay of 0.01 towards the start.',
    );
  }
  return parts.length === 0 ? '' : `\n${wrapText(parts.join(' '))}\n`;
}

/** Returns a table of the networks that were trained as a whole; empty if there are none. */
export function networkSection(runs: readonly StrangersRun[]): string {
  const networks = runs.filter(({ training }) => training);
  if (networks.length === 0) return '';
  const shown = rules.filter((rule) => lostBy(rule, networks).length > 0);
  const rows = networks.map(({ start, loss, best, rules: judged, training }) => [
    start,
    loss,
    ...trainingCells(training!),
    percent(best.accuracy),
    ...shown.map((rule) => (judged[rule] ? pointsLost(best, judged[rule]).toFixed(1) : '–')),
  ]);
  const headings = ['start', 'loss', 'steps', 'epochs', 'minutes (threads)', 'best accuracy'];
  return `## Whole networks

Training of the networks from nothing and of those fine-tuned, and the points that each rule loses. A step is the same on a busy machine,
so minutes tell little.

${table([...headings, ...shown.map((rule) => ruleTexts[rule])], rows)}

`;
}

function trainingCells({ steps, epochs, seconds, threads }: NetworkTraining): (string | number)[] {
  return [steps, epochs, `${(seconds / 60).toFixed(0)} (${threads})`];
}

/** Returns the number of steps. The default takes 20 minutes on an idle machine, whatever this one did meanwhile. */
function stepsText(networks: readonly StrangersRun[]): string {
  const steps = new Set(networks.flatMap(({ training }) => (training ? [training.steps] : [])));
  const time = steps.size === 1 && steps.has(networkSteps) ? ', about 20 minutes with 2 threads' : '';
  return `${listText([...steps])} steps${time}`;
}
