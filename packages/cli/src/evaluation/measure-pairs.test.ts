import { expect, it } from 'vitest';
import { estimateWithInterval } from './interval.ts';
import { measurePairs } from './measure-pairs.ts';
import { aligned, counted, measurementRows } from './texts.ts';

const isSame = Uint8Array.from({ length: 200 }, (_, pair) => (pair + 1) % 2);
const cosines = Float64Array.from(isSame, (same, pair) => 0.5 * same - 0.1 + 0.3 * Math.sin(pair * 12.9898));

it('measures the threshold, the best one and the learned one', () => {
  const learnedThreshold = { cosine: 0.5, between: 'embedding and class' } as const;
  const found = measurePairs(cosines, isSame, { threshold: 0.1, learnedThreshold }, null);
  expect(found).toMatchObject({ same: 100, different: 100, threshold: 0.1 });
  const right = Array.from(isSame).filter((same, pair) => cosines[pair]! >= 0.1 === (same === 1)).length;
  expect(found.accuracy.estimate).toBe(right / 200);
  expect(found.best.accuracy).toBeGreaterThanOrEqual(found.accuracy.estimate);
  expect(found.learned?.threshold).toBe(0.5);
  expect(found.learned!.accuracy).toBeLessThan(found.accuracy.estimate);
  // A hundred pairs of different people can measure rates down to 0.01.
  expect(found.tarAtFar.map(({ far }) => far)).toEqual([0.1, 0.01]);
  for (const interval of [
    found.accuracy,
    found.acrossFolds,
    found.equalErrorRate,
    found.areaUnderCurve,
    ...found.tarAtFar,
  ]) {
    expect(interval.low).toBeLessThanOrEqual(interval.estimate);
    expect(interval.high).toBeGreaterThanOrEqual(interval.estimate);
  }
  const labels = measurementRows(found).map(([label]) => label);
  expect(labels).toContain('learned threshold');
});

it('draws samples with as many pairs of each kind as the set', () => {
  const few = {
    cosines: Float64Array.of(0.9, 0.1, 0.2),
    isSame: Uint8Array.of(1, 0, 0),
    folds: Int32Array.of(0, 0, 1),
  };
  const { estimate } = estimateWithInterval(few, (drawn) => {
    expect([...drawn.isSame].sort()).toEqual([0, 0, 1]);
    const own = [...drawn.cosines].filter((_, place) => drawn.isSame[place] === 1);
    expect(own).toEqual([0.9]);
    return 0.5;
  });
  expect(estimate).toBe(0.5);
});

it('formats tables', () => {
  expect(
    aligned([
      ['a', '1'],
      ['long', '2'],
    ]),
  ).toBe('a     1\nlong  2');
  expect([counted(1, 'person', 'people'), counted(4480, 'person', 'people'), counted(0, 'step')]).toEqual([
    '1 person',
    '4,480 people',
    '0 steps',
  ]);
});
