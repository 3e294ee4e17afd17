import type { CrossFitRun } from './cross-fit.ts';
import { galleryFindings } from './gallery-section.ts';
import { keptRateText } from './kept-rate.ts';
import type { Rule, StrangersRun } from './measure.ts';
import { listItem } from './page-text.ts';
import { goal, lostBy } from './points-lost.ts';

/** Returns the conclusions as a list. Each number is computed from the runs. */
export function findings(runs: readonly StrangersRun[], crossFits: readonly CrossFitRun[]): string {
  const heads = runs.filter(({ start }) => start === 'head');
  const networks = runs.filter(({ start }) => start !== 'head');
  const share = (rule: Rule, own = heads, name = 'heads') => {
    const lost = lostBy(rule, own, crossFits);
    return `${lost.filter((value) => value <= goal).length} of ${lost.length} ${name}`;
  };
  const worst = (rule: Rule, own = heads) => Math.max(...lostBy(rule, own, crossFits)).toFixed(1);
  const lines = [
    `The curve of the people held out loses at most ${goal} points for ${share('held out')}; the worst loses ${worst('held out')}.`,
  ];
  if (networks.length > 0) {
    lines.push(
      `It does so for ${share('held out', networks, 'whole networks')}; the worst loses ${worst('held out', networks)}.`,
    );
  }
  if (crossFits.length > 0) {
    lines.push(
      `The cross-fit does so for ${share('cross-fit')}; the worst loses ${worst('cross-fit')}. Its head is trained on all people, and it takes ` +
        'five more to choose the threshold.',
    );
  }
  if (lostBy('learned', heads).length > 0) {
    lines.push(
      `The learned threshold loses at most ${goal} points for ${share('learned')}, the prior shift for ${share('prior shift')}. The prior ` +
        'explains much of what a learned threshold loses; that training people are closer to each other than strangers are, it does not.',
    );
  }
  if (lostBy('learned', networks).length > 0) {
    lines.push(
      `For whole networks, the learned threshold loses up to ${worst('learned', networks)} points` +
        `${lostBy('prior shift', networks).length > 0 ? `, the prior shift up to ${worst('prior shift', networks)}` : ''}.`,
    );
  }
  lines.push(
    `With ten people held out, the curve loses at most ${goal} points for ${share('ten people')}, and up to ${worst('ten people')}. The ` +
      `threshold with the most right answers does so for ${share('most right')}; its worst head loses ${worst('most right')}.`,
    `${keptRateText(heads, 'heads')} ${networks.length > 0 ? `${keptRateText(networks, 'whole networks')} ` : ''}` +
      "The rate on LFW's pairs says less: one of them is 0.2 %.",
    ...galleryFindings(heads),
  );
  return lines.map(listItem).join('\n');
}
