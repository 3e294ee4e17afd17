import { describe, expect, it } from 'vitest';
import { galleryRatesProblem } from './gallery-rates.ts';

const rates = [
  { falseAlarms: 0.1, threshold: 0.5, missed: 0.05 },
  { falseAlarms: 0.01, threshold: 0.5, missed: 0.2 },
  { falseAlarms: 0.001, threshold: 0.7, missed: 1 },
];
const change = (index: number, values: object) =>
  rates.map((rate, place) => (place === index ? { ...rate, ...values } : rate));

describe('galleryRatesProblem', () => {
  it.each<[string, unknown, string | null]>([
    ['rates that descend', rates, null],
    ['no rates', [], null],
    ['an object', { rates }, 'must be a list'],
    ['null in the list', [null], 'but have undefined after 1'],
    ['a rate of 1', change(0, { falseAlarms: 1 }), 'but have 1 after 1'],
    ['a rate of 0', change(2, { falseAlarms: 0 }), 'but have 0 after 0.01'],
    ['a rate that is no number', change(0, { falseAlarms: Number.NaN }), 'but have NaN after 1'],
    ['a rate twice', change(1, { falseAlarms: 0.1 }), 'but have 0.1 after 0.1'],
    ['a threshold that falls', change(1, { threshold: 0.49 }), 'but have 0.49 after 0.5'],
    ['a threshold above 1', change(2, { threshold: 1.01 }), 'but have 1.01 after 0.5'],
    ['a threshold as text', change(0, { threshold: '0.5' }), 'but have 0.5 after -1'],
    ['more than everybody missed', change(2, { missed: 1.1 }), 'from 0 to 1, but have 1.1'],
    ['no missed share', change(0, { missed: undefined }), 'but have undefined'],
  ])('judges %s', (_, value, problem) => {
    const found = galleryRatesProblem(100, value);
    if (problem === null) expect(found).toBeNull();
    else {
      expect(found).toContain('in a gallery of 100 people');
      expect(found).toContain(problem);
    }
  });
});
