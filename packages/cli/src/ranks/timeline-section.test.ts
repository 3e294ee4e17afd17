import type { TimelineEvent } from '@openset/train';
import { expect, it } from 'vitest';
import { timelineBars, timelineSection } from './timeline-section.ts';

const event = (step: number, hiddenShare: number | null, size = 2): TimelineEvent => ({
  kind: 'timeline',
  ...{ step, epoch: 0, hiddenShare },
  ranks: Array.from({ length: size }, () => [
    { part: 'backward', start: 0, end: 2 },
    { part: 'bucket', start: 1, end: 2 },
  ]),
});

it('gives the work of a rank and its gradients rows of their own', () => {
  expect(timelineBars(event(3, 0.5)).map(({ row, name }) => `${row} / ${name}`)).toEqual([
    'rank 0 / backward pass',
    'rank 0: gradients / gradients travel',
    'rank 1 / backward pass',
    'rank 1: gradients / gradients travel',
  ]);
});

it('shows the last step, and the mean share of the exchange that was hidden', () => {
  expect(timelineSection([])).toBeNull();
  const section = timelineSection([event(3, 0.5), event(4, 1)])!;
  expect(section.text).toBe(
    '2 ranks trained together. Gradients travelled while the ranks did other work for 75 % of the time (mean of 2 steps).',
  );
  expect(section.figures![0]!.caption).toBe('Step 4 on each rank');
  const many = timelineSection([event(3, null, 64)])!;
  expect(many.text).toContain(
    '64 ranks trained together. The figure shows the first 8 of them. The network is not trained',
  );
  expect(many.figures![0]!.svg).toContain('rank 7');
  expect(many.figures![0]!.svg).not.toContain('rank 8');
});
