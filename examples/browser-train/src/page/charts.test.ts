import {
  cosineText,
  countText,
  namesText,
  percentText,
  probabilityText,
} from '@openset-examples/browser-page/texts.ts';
import { expect, it } from 'vitest';
import { rangeFromZero } from './line-chart.ts';

it('chooses two to four round ticks, and a range that holds all values', () => {
  expect(rangeFromZero(23)).toEqual({ low: 0, high: 23, ticks: [0, 10, 20] });
  expect(rangeFromZero(0.7)).toEqual({ low: 0, high: 0.7, ticks: [0, 0.5] });
  expect(rangeFromZero(1)).toEqual({ low: 0, high: 1, ticks: [0, 0.5, 1] });
  expect(rangeFromZero(0)).toEqual({ low: 0, high: 1, ticks: [0, 1] });
  for (let highest = 0.001; highest < 1e6; highest *= 1.37) {
    const { high, ticks } = rangeFromZero(highest);
    expect(high).toBeGreaterThanOrEqual(highest);
    expect(ticks.length).toBeGreaterThanOrEqual(2);
    expect(ticks.length).toBeLessThanOrEqual(4);
  }
});

it('writes numbers and names as people read them', () => {
  expect([0.456, -0.456, -0.001].map(cosineText)).toEqual(['0.46', '−0.46', '0.00']);
  expect(percentText(0.9774)).toBe('97.7\u00a0%');
  expect([0.99951, 0.0001, 0.5].map(probabilityText)).toEqual([
    'over 99.9\u00a0%',
    'under 0.1\u00a0%',
    '50.0\u00a0%',
  ]);
  expect([countText(1, 'image'), countText(5600, 'image')]).toEqual(['1 image', '5,600 images']);
  expect(namesText(['0', '1', '2'])).toBe('0–2');
  expect(namesText(['7', '9'])).toBe('7 and 9');
  expect(namesText(['0', '1', '2', 'star'])).toBe('0, 1, 2 and star');
  expect(namesText(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])).toBe('a, b, c, d, e and 3 more');
});
