import { reportPage } from '@openset/report';
import * as fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { consistencyResult, consistencyRows } from './consistency-texts.ts';
import { measureConsistency } from './measure-consistency.ts';
import { measurePairs } from './measure-pairs.ts';
import { measureIdentityThresholds, reportSections } from './report-sections.ts';
import {
  aligned,
  count,
  counted,
  decimal,
  exactPercent,
  measurementRows,
  percent,
  percentInterval,
  probabilityText,
} from './texts.ts';
import { measureUniform } from './uniform-accuracy.ts';

it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('writes n/a for %d', (value) => {
  expect([decimal(value, 3), percent(value), count(value), counted(value, 'pair')]).toEqual([
    'n/a',
    'n/a',
    'n/a',
    'n/a pairs',
  ]);
  expect(percentInterval({ estimate: 0.5, low: value, high: 0.75 })).toBe('50.0 % (n/a–75.0)');
});

it('writes no negative zero', () => {
  expect([decimal(-0.0004, 3), decimal(-0, 0), percent(-1e-17)]).toEqual(['0.000', '0', '0.0 %']);
  expect([decimal(-0.0006, 3), decimal(-10, 0), decimal(-0.5, 1)]).toEqual(['-0.001', '-10', '-0.5']);
});

it('writes a chosen share with all its digits', () => {
  expect([0.07, 1e-9, 0, 1, Number.NaN].map(exactPercent)).toEqual(['7 %', '1e-7 %', '0 %', '100 %', 'n/a']);
});

it('claims no certainty', () => {
  expect([1, 0.9995, 0.9994, 0.5, 0.0005, 0.0004, 0].map(probabilityText)).toEqual([
    'over 99.9 %',
    'over 99.9 %',
    '99.9 %',
    '50.0 %',
    '0.1 %',
    'under 0.1 %',
    'under 0.1 %',
  ]);
});

/** Cosines that break formulas: ends of the range, equal ones, neighbours. */
const cosine = fc.constantFrom(-1, 0, 0.3, 0.3 + 2 ** -52, 1 - 2 ** -53, 1);
const threshold = fc.constantFrom(-1, 0.3, 1);
const numRuns = inject('long') ? 200 : 25;

const stated = { threshold: 0.5, source: 'learned', question: { kind: 'pair', odds: 1 / 3 } } as const;

it('says what is asked, in the rows and in the report', () => {
  const cosines = Float64Array.of(0.9, 0.7, 0.6, 0.2, 0.1, 0.65);
  const isSame = Uint8Array.of(1, 1, 1, 0, 0, 0);
  const learnedThreshold = { cosine: 0.8, between: 'embeddings', scale: 10, comparisons: 3 } as const;
  const measured = measurePairs(cosines, isSame, { threshold: 0.5, learnedThreshold }, null);
  const rows = Object.fromEntries(measurementRows(measured));
  expect(rows['learned threshold']).toBe(
    '0.800, accuracy 66.7 %, accepts 33.3 % of same, 0.00 % of different',
  );
  // 0.8 − log(3) / 10
  expect(rows['closed form']).toBe('0.690, accuracy 83.3 %, accepts 66.7 % of same, 0.00 % of different');
  const [section] = reportSections({ cosines, isSame, measured, stated });
  expect(section!.text).toContain(
    'at least 0.500, the learned threshold. This threshold is for pairs of which 1 in 4 is the same person. In hindsight',
  );
});

it('writes only finite numbers for pairs of both kinds, however few and equal', () => {
  const cosines = fc.array(cosine, { minLength: 1, maxLength: 12 });
  const folds = fc.constantFrom<'none' | 'one' | 'single pairs'>('none', 'one', 'single pairs');
  fc.assert(
    fc.property(cosines, cosines, threshold, folds, (same, different, at, kind) => {
      const all = Float64Array.of(...same, ...different);
      const isSame = Uint8Array.from(all, (_, pair) => (pair < same.length ? 1 : 0));
      const learnedThreshold = { cosine: -at, between: 'embeddings', scale: 32, comparisons: 99 } as const;
      const ownFolds =
        kind === 'none' ? null : Int32Array.from(all, (_, pair) => (kind === 'one' ? 3 : pair));
      const measured = measurePairs(all, isSame, { threshold: at, learnedThreshold }, ownFolds);
      expectFiniteNumbers(measured);
      const sections = reportSections({
        cosines: all,
        isSame,
        measured,
        stated: { ...stated, threshold: at },
      });
      for (const text of [aligned(measurementRows(measured)), reportPage({ title: 'pairs', sections })]) {
        expect(text).not.toMatch(/NaN|Infinity|undefined|n\/a/);
      }
    }),
    { numRuns },
  );
});

it('writes only finite numbers for labelled embeddings, however few and equal', () => {
  const row = fc.constantFrom([1, 0], [-1, 0], [0, 1], [0.6, 0.8]);
  const images = fc.array(fc.tuple(row, fc.nat({ max: 3 })), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(images, threshold, (labelled, at) => {
      const values = Float32Array.from(labelled.flatMap(([value]) => value));
      const labels = labelled.map(([, label]) => label);
      const embeddings = {
        values,
        size: 2,
        row: (index: number) => values.subarray(2 * index, 2 * index + 2),
      };
      const uniform = measureUniform(embeddings, labels, { threshold: at });
      const identities = measureIdentityThresholds(embeddings, labels);
      expectFiniteNumbers(uniform);
      const groups = ['a', 'b', 'a', null];
      const consistency = measureConsistency(embeddings, labels, groups, at);
      expectFiniteNumbers(consistencyResult(consistency));
      const cosines = Float64Array.of(0.5, 0.5);
      const isSame = Uint8Array.of(1, 0);
      const measured = measurePairs(cosines, isSame, { threshold: at }, null);
      const data = { cosines, isSame, measured, stated, uniform, identities, consistency };
      const sections = reportSections(data);
      expect(aligned(consistencyRows(consistency))).not.toMatch(/NaN|Infinity|undefined|n\/a/);
      expect(reportPage({ title: 'images', sections })).not.toMatch(/NaN|Infinity|undefined|n\/a/);
    }),
    { numRuns },
  );
});

/** Checks what `--json` prints, where NaN and infinities would silently become null. */
function expectFiniteNumbers(value: unknown): void {
  if (typeof value === 'number') expect(value).toSatisfy(Number.isFinite);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectFiniteNumbers);
}
