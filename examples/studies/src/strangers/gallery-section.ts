import { mean, percent } from '../numbers.ts';
import type { GalleryRule } from './galleries.ts';
import type { StrangersRun } from './measure.ts';
import { listText, medianText, table } from './page-text.ts';
import { lostText, peopleOf } from './points-lost.ts';

const ruleTexts: Readonly<Record<Exclude<GalleryRule, 'best in hindsight' | 'false alarms 1 %'>, string>> = {
  'for pairs': 'the threshold for pairs',
  learned: 'learned, `b / s`',
  'prior shift to 1 : G': 'prior shift, `(b − log(N − 1) + log G) / s`',
  'for pairs, odds 1 : G': 'curve for pairs, odds 1 : G',
  'best wrong match': '**best wrong match of G**',
};

/** Returns the section about galleries; empty if there were too few strangers. */
export function gallerySection(heads: readonly StrangersRun[]): string {
  const sizes = gallerySizes(heads);
  if (sizes.length === 0) return '';
  const headings = sizes.map((size) => `G = ${size}`);
  return `## Galleries

G strangers are enrolled, with the mean of at most 5 images and all but one; half of the probes are of them, half of other people.
Accuracy is the mean of two shares: probes that are identified (best match right, and accepted), and strangers that are rejected. The
thresholds come from the people held out. *Best wrong match* searches for each of their images among the others: the impostor that matters is
the most similar of G, whose scores follow from those of one (\`galleryThreshold\` of [\`@openset/metrics\`](../../packages/metrics)).
It was developed with \`faceres\` without a head on the same people. ${largestGallery(heads)}

Points lost against the best threshold in hindsight, mean over heads, with the worst in brackets, and the mean share of strangers
accepted:

${table(['rule', ...headings], [...ruleRows(heads, sizes), bestRow(heads, sizes)])}

With a threshold for at most 1 % of false alarms, strangers accepted (median, lowest–highest), by the number of people held out:

${table(['held out', ...headings], alarmRows(heads, sizes))}

`;
}

/** Returns what the best wrong match loses in galleries of each size, and the highest rate of false alarms. */
export function galleryFindings(heads: readonly StrangersRun[]): string[] {
  return gallerySizes(heads).map((size) => {
    const lost = judgedIn(heads, size, 'best wrong match').map((judged) => judged.lost);
    const alarms = judgedIn(heads, size, 'false alarms 1 %').map(({ falseAlarms }) => falseAlarms);
    return (
      `In a gallery of ${size}, the best wrong match loses ${lostText(lost)} points. At the threshold for at most 1 % of false alarms, ` +
      `up to ${percent(Math.max(...alarms))} of the strangers are accepted.`
    );
  });
}

function gallerySizes(runs: readonly StrangersRun[]): number[] {
  const sizes = runs.flatMap(({ galleries }) => galleries.map(({ size }) => size));
  return [...new Set(sizes)].sort((a, b) => a - b);
}

function judgedIn(runs: readonly StrangersRun[], size: number, rule: GalleryRule) {
  return runs.flatMap(({ galleries }) => {
    const found = galleries.find((gallery) => gallery.size === size);
    const [best, judged] = [found?.rules['best in hindsight'], found?.rules[rule]];
    return best && judged ? [{ ...judged, lost: 100 * (best.accuracy - judged.accuracy) }] : [];
  });
}

/** Returns which heads leave enough strangers for the largest galleries. */
function largestGallery(heads: readonly StrangersRun[]): string {
  const size = gallerySizes(heads).at(-1)!;
  const able = heads.filter(({ galleries }) => galleries.some((gallery) => gallery.size === size));
  return able.length === heads.length
    ? ''
    : `Only the heads for ${listText(peopleOf(able))} people leave enough strangers for a gallery of ${size}.`;
}

function ruleRows(heads: readonly StrangersRun[], sizes: readonly number[]): string[][] {
  return (Object.keys(ruleTexts) as (keyof typeof ruleTexts)[]).map((rule) => {
    const cells = sizes.map((size) => {
      const judged = judgedIn(heads, size, rule);
      if (judged.length === 0) return '–';
      const alarms = percent(mean(judged.map(({ falseAlarms }) => falseAlarms)), 0);
      return `${lostText(judged.map(({ lost }) => lost))}, ${alarms}`;
    });
    return [ruleTexts[rule], ...cells];
  });
}

function bestRow(heads: readonly StrangersRun[], sizes: readonly number[]): string[] {
  const accuracies = sizes.map((size) =>
    percent(mean(judgedIn(heads, size, 'best in hindsight').map(({ accuracy }) => accuracy))),
  );
  return ['*best in hindsight: accuracy*', ...accuracies];
}

function alarmRows(heads: readonly StrangersRun[], sizes: readonly number[]): (string | number)[][] {
  return peopleOf(heads).map((people) => {
    const group = heads.filter((run) => run.people === people);
    const cells = sizes.map((size) => {
      const judged = judgedIn(group, size, 'false alarms 1 %');
      return judged.length === 0 ? '–' : medianText(judged.map(({ falseAlarms }) => falseAlarms));
    });
    return [group[0]!.heldOut, ...cells];
  });
}
