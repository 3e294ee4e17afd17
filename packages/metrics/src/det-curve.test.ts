import { expect, it } from 'vitest';
import { detCurve, rocCurve } from './index.ts';

it('is the ROC curve with FNR = 1 − TAR', () => {
  const [similarities, isSame] = [
    [0.75, 0.5, 0.5, 0.25],
    [1, 0, 1, 0],
  ] as const;
  const curve = detCurve(similarities, isSame);
  expect([...curve.thresholds]).toEqual([Number.POSITIVE_INFINITY, 0.75, 0.5, 0.25]);
  expect([...curve.far]).toEqual([0, 0, 0.5, 1]);
  expect([...curve.fnr]).toEqual([1, 0.5, 0, 0]);
  const roc = rocCurve(similarities, isSame);
  expect(curve.far).toEqual(roc.far);
});
