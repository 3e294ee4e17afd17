import { mean } from '../numbers.ts';
import type { CrossFitRun } from './cross-fit.ts';
import { type JudgedThreshold, type Rule, type Start, type StrangersRun, starts } from './measure.ts';

/** Largest loss of a threshold that is good enough, in points of accuracy. */
export const goal = 2;

/** Names of the rules on the pages, in their order. */
export const ruleTexts: Readonly<Record<Rule, string>> = {
  learned: 'learned, `b / s`',
  'prior shift': 'prior shift, `(b − log(N − 1)) / s`',
  'most right': 'people held out, most right answers',
  'ten people': '10 of them, curve at one half',
  'held out': '**people held out, curve at one half**',
  'cross-fit': 'cross-fit in 5 parts, head of all people',
};

export const rules = Object.keys(ruleTexts) as Rule[];

/** Networks with the same start and number of people. */
export interface RunGroup {
  readonly start: Start;
  readonly people: number;
  readonly runs: readonly StrangersRun[];
  /** Cross-fits of heads for the same number of people. */
  readonly crossFits: readonly CrossFitRun[];
}

/** Groups runs by start and number of people, in the order of the pages. */
export function groupRuns(
  runs: readonly StrangersRun[],
  crossFits: readonly CrossFitRun[] = [],
): readonly RunGroup[] {
  return starts.flatMap((start) => {
    const own = runs.filter((run) => run.start === start);
    return peopleOf(own).map((people) => ({
      start,
      people,
      runs: own.filter((run) => run.people === people),
      crossFits: start === 'head' ? crossFits.filter((run) => run.people === people) : [],
    }));
  });
}

/** Returns the different numbers of people, ascending. */
export function peopleOf(runs: readonly { readonly people: number }[]): number[] {
  return [...new Set(runs.map(({ people }) => people))].sort((a, b) => a - b);
}

/** Returns the heading of a group's column: `100 people`, `from nothing`. */
export function groupText({ start, people }: Pick<RunGroup, 'start' | 'people'>): string {
  if (start === 'head') return `heads, ${people} people`;
  return start === 'nothing' ? 'from nothing' : start;
}

/** Returns the points that a rule loses, one number for each run that has it. */
export function lostBy(
  rule: Rule,
  runs: readonly StrangersRun[],
  crossFits: readonly CrossFitRun[] = [],
): number[] {
  if (rule === 'cross-fit') return crossFits.map(({ best, judged }) => pointsLost(best, judged));
  return runs.flatMap(({ best, rules: judged }) => (judged[rule] ? [pointsLost(best, judged[rule])] : []));
}

/** Returns the accuracy at the best threshold minus the accuracy at another one, in points. */
export function pointsLost(
  best: { readonly accuracy: number },
  { accuracy }: Pick<JudgedThreshold, 'accuracy'>,
): number {
  return 100 * (best.accuracy - accuracy.estimate);
}

/** Formats the mean, with the worst in brackets: `0.6 (1.5)`. */
export function lostText(lost: readonly number[]): string {
  return lost.length === 0 ? '–' : `${mean(lost).toFixed(1)} (${Math.max(...lost).toFixed(1)})`;
}
