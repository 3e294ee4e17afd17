import { expect, it } from 'vitest';
import { exampleRun, judgedAt } from './__fixtures__/example-run.ts';
import { groupRuns, groupText, lostBy, lostText } from './points-lost.ts';

const best = { threshold: 0.3, accuracy: 0.96 };
const crossFit = { loss: 'USS', people: 400, seed: 1, best, judged: judgedAt(0.955) } as const;

it('groups heads by people, then networks by start, with the cross-fits of heads', () => {
  const runs = [
    exampleRun({ start: 'fine-tuned', people: 982 }),
    exampleRun({ people: 400 }),
    exampleRun({ start: 'nothing', people: 982 }),
    exampleRun({ people: 100, seed: 1 }),
    exampleRun({ people: 100, seed: 2 }),
  ];
  const groups = groupRuns(runs, [crossFit]);
  expect(groups.map((group) => [groupText(group), group.runs.length, group.crossFits.length])).toEqual([
    ['heads, 100 people', 2, 0],
    ['heads, 400 people', 1, 1],
    ['from nothing', 1, 0],
    ['fine-tuned', 1, 0],
  ]);
});

it('computes points from accuracies, and ignores runs without the rule', () => {
  const runs = [exampleRun(), exampleRun({ rules: { 'held out': judgedAt(0.94), learned: judgedAt(0.76) } })];
  expect(lostBy('held out', runs).map((lost) => lost.toFixed(6))).toEqual(['1.000000', '2.000000']);
  expect(lostBy('learned', runs)).toEqual([expect.closeTo(20, 6)]);
  expect(lostBy('cross-fit', runs, [crossFit])).toEqual([expect.closeTo(0.5, 6)]);
  expect(lostText(lostBy('held out', runs))).toBe('1.5 (2.0)');
  expect(lostText([])).toBe('–');
});
