import { reportPage } from '@openset/report';
import { describe, expect, it } from 'vitest';
import type { EmbeddingRows } from '../model/embeddings.ts';
import { consistencyResult, consistencyRows, consistencySections } from './consistency-texts.ts';
import { measureConsistency } from './measure-consistency.ts';

/** Returns embeddings of people at different angles, with images at small turns from each. */
function embeddingsOf(people: number, images: number) {
  const labels = Array.from({ length: people * images }, (_, row) => row % people);
  const values = Float32Array.from(
    labels.flatMap((label, row) => {
      const angle = (2 * Math.PI * label) / people + 0.1 * Math.sin(row * 12.9898);
      return [Math.cos(angle), Math.sin(angle)];
    }),
  );
  const rows: EmbeddingRows = { values, size: 2, row: (row) => values.subarray(2 * row, 2 * row + 2) };
  return { rows, labels };
}

const { rows, labels } = embeddingsOf(12, 4);
/** Group b has four people, a the others but one. */
const groupOf = labels.slice(0, 12).map((person) => (person === 11 ? null : person % 3 === 0 ? 'b' : 'a'));

describe('measureConsistency', () => {
  it('measures people and groups at the threshold', () => {
    const { people, groups, rates } = measureConsistency(rows, labels, groupOf, 0.9);
    expect(people?.classes).toHaveLength(12);
    expect(groups?.classes.map(({ label }) => rates?.[label]?.name)).toEqual(['b', 'a']);
    // People of b are a quarter of a turn apart; neighbours of a are a twelfth, with a cosine of about 0.87.
    expect(rates).toMatchObject([
      { name: 'a', people: 7, images: 28 },
      {
        name: 'b',
        people: 4,
        images: 16,
        falseAcceptRate: { rate: 0, errors: 0, pairs: 96 },
        falseRejectRate: { rate: 0, errors: 0, pairs: 24 },
      },
    ]);
    expect(rates![0]!.falseAcceptRate!.rate).toBeGreaterThan(0);
  });

  it('has no groups without a table, and no score of one group', () => {
    expect(measureConsistency(rows, labels, null, 0.9)).toMatchObject({ groups: null, rates: null });
    const one = measureConsistency(
      rows,
      labels,
      groupOf.map(() => 'all'),
      0.9,
    );
    expect(one).toMatchObject({ groups: null, rates: [{ name: 'all', people: 12 }] });
  });

  it('limits large sets to whole people with up to 20 images', () => {
    // 4,000 people of two images: every second person.
    const many = embeddingsOf(4000, 2);
    expect(measureConsistency(many.rows, many.labels, null, 0.9).people?.classes).toHaveLength(2000);
    const long = embeddingsOf(3, 2000);
    const { people } = measureConsistency(long.rows, long.labels, null, 0.9);
    expect(people?.classes.map(({ positives }) => positives)).toEqual([190, 190, 190]);
  });

  it.each([
    ['one person', [0, 0, 0]],
    ['one image of each', [0, 1, 2]],
    ['too few pairs of different people for a range', [0, 0, 1]],
  ])('has no score with %s', (_, few) => {
    const found = measureConsistency(rows, few, ['a', 'a', 'b'], 0.9);
    expect(found.people).toBeNull();
    expect(found.groups).toBeNull();
    expect(found.rates![0]!.name).toBe('a');
    expectFinite(consistencyResult(found));
    const page = reportPage({ title: 'few', sections: consistencySections(found, 0.9) });
    expect(page).not.toMatch(/NaN|Infinity|undefined|n\/a/);
  });
});

describe('texts of consistency', () => {
  it('are one line for people, groups and each group', () => {
    const found = measureConsistency(rows, labels, groupOf, 0.9);
    const text = consistencyRows(found).map((row) => row.join(': '));
    expect(text).toEqual([
      expect.stringMatching(/^OPIS over people: 0\.\d{4}, 12 people$/),
      expect.stringMatching(/^OPIS over groups: 0\.\d{4}, 2 groups$/),
      expect.stringMatching(
        /^group a: FAR \d+\.\d\d % \(.+\u2013.+\), FRR 0\.0 % \(0\.0\u2013\d+\.\d\), 7 people, 28 images$/,
      ),
      expect.stringMatching(
        /^group b: FAR 0\.00 % \(0\.00\u2013\d+\.\d\d\), FRR 0\.0 % .*, 4 people, 16 images$/,
      ),
    ]);
    const alone = measureConsistency(rows, [0, 0, 1], ['a', 'b'], 0.9);
    expect(consistencyRows(alone)).toEqual([
      ['group a', 'FAR unknown, FRR 100.0 % (20.7\u2013100.0), 1 person, 2 images'],
      ['group b', 'FAR unknown, FRR unknown, 1 person, 1 image'],
    ]);
    const json = consistencyResult(found);
    expect(json.inconsistency).toEqual({
      people: { score: found.people!.score, classes: 12 },
      groups: { score: found.groups!.score, classes: 2 },
    });
    expect(json.groups).toBe(found.rates);
    expect(consistencyResult(null)).toEqual({ inconsistency: { people: null, groups: null }, groups: null });
  });

  it('are two sections of a report, each with a plot', () => {
    const found = measureConsistency(rows, labels, groupOf, 0.9);
    const page = reportPage({ title: 'all', sections: consistencySections(found, 0.9) });
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).toContain('Does one threshold serve every group?');
    expect(page).toContain('<td>b</td><td class="number">4</td>');
    expect(page).not.toMatch(/NaN|Infinity|undefined|n\/a/);
    const nine = Array.from({ length: 18 }, (_, person) => `group ${person % 9}`);
    const wide = embeddingsOf(18, 4);
    const many = measureConsistency(wide.rows, wide.labels, nine, 0.9);
    expect(consistencySections(many, 0.9)[1]!.figures).toHaveLength(1);
  });
});

/** Checks what `--json` prints, where NaN and infinities would silently become null. */
function expectFinite(value: unknown): void {
  if (typeof value === 'number') expect(value).toSatisfy(Number.isFinite);
  else if (typeof value === 'object' && value !== null) Object.values(value).forEach(expectFinite);
}
