import { describe, expect, it } from 'vitest';
import { planeLabels as labels, planes } from './__fixtures__/planes.ts';
import { groupRates, MetricsError } from './index.ts';

/** Groups 7 and 9 of two identities each; those of group 9 are separated perfectly. */
const embeddings = planes.flat();
const groups = [7, 7, 7, 7, 9, 9, 9, 9];

describe('groupRates', () => {
  it('counts the pairs within each group', () => {
    const found = groupRates(embeddings, labels, groups, 4, 0.7);
    // Between identities 0 and 1, two cosines are 0.8 and two 0. Identity 0 has the cosine 0.6.
    expect(found).toMatchObject([
      {
        label: 7,
        identities: 2,
        rows: 4,
        far: { rate: 0.5, errors: 2, pairs: 4 },
        frr: { rate: 0.5, errors: 1, pairs: 2 },
      },
      {
        label: 9,
        identities: 2,
        rows: 4,
        far: { rate: 0, errors: 0, pairs: 4 },
        frr: { rate: 0, errors: 0, pairs: 2 },
      },
    ]);
    // Wilson's interval of one half in one trial: one of two people has all errors.
    expect(found[0]!.frr!.low).toBeCloseTo(0.0546, 4);
    expect(found[0]!.frr!.high).toBeCloseTo(0.9454, 4);
    // No error in two trials, z² / (2 + z²): each person is one.
    expect(found[1]!.frr).toMatchObject({ low: 0, high: expect.closeTo(0.6576, 4) });
    // One pair of people is one trial.
    expect(found[1]!.far).toMatchObject({ low: 0, high: expect.closeTo(0.7935, 4) });
  });

  it('accepts at exactly the threshold', () => {
    const at = (threshold: number) => groupRates([1, 0, 1, 0, 0, 1], [0, 0, 1], [1, 1, 1], 2, threshold)[0]!;
    expect([at(1).frr!.rate, at(1.001).frr!.rate]).toEqual([0, 1]);
    expect([at(0).far!.rate, at(0.001).far!.rate]).toEqual([1, 0]);
    expect(at(Number.NEGATIVE_INFINITY)).toMatchObject({ far: { rate: 1, errors: 2 }, frr: { rate: 0 } });
    expect(at(Number.POSITIVE_INFINITY)).toMatchObject({ far: { rate: 0 }, frr: { rate: 1, errors: 1 } });
  });

  it('has no rate without pairs', () => {
    const [one, other] = groupRates([1, 0, 1, 0, 0, 1, 1, 1], [0, 0, 1, 2], [1, 1, 2, 2], 2, 0.5);
    expect(one).toMatchObject({ identities: 1, far: null, frr: { pairs: 1 } });
    expect(other).toMatchObject({ identities: 2, far: { pairs: 1 }, frr: null });
  });

  it('skips identities without a group', () => {
    const alone = groupRates(embeddings, labels, [...groups.slice(0, 4), null, null, null, null], 4, 0.7);
    expect(alone).toEqual(groupRates(embeddings, labels, groups, 4, 0.7).slice(0, 1));
  });

  it('has the interval of independent trials if each person has one pair', () => {
    // A hundred people on axes of their own, ten of them with two orthogonal images: a rate of 0.1 in 99 trials.
    const size = 110;
    const rows = Array.from({ length: 200 }, (_, row) => {
      const [person, image] = [Math.floor(row / 2), row % 2];
      const axis = person < 10 && image === 1 ? 100 + person : person;
      return Array.from({ length: size }, (_, column) => (column === axis ? 1 : 0));
    });
    const people = rows.map((_, row) => Math.floor(row / 2));
    const [found] = groupRates(
      rows.flat(),
      people,
      people.map(() => 1),
      size,
      0.5,
    );
    const { rate, low, high } = found!.frr!;
    expect(rate).toBe(0.1);
    expect(low).toBeCloseTo(0.055, 3);
    expect(high).toBeCloseTo(0.1752, 3);
    const [wide] = groupRates(
      rows.flat(),
      people,
      people.map(() => 1),
      size,
      0.5,
      { confidence: 0.99 },
    );
    expect(wide!.frr!.high).toBeGreaterThan(high);
    expect(wide!.frr!.low).toBeLessThan(low);
  });

  it('has a wider interval if one person has all errors', () => {
    // Five people of four images. Either one person has six rejected pairs, or each of three people two.
    const of = (turned: (person: number, image: number) => boolean) => {
      const rows = Array.from({ length: 20 }, (_, row) => {
        const [person, image] = [Math.floor(row / 4), row % 4];
        const axis = turned(person, image) ? 5 + row : person;
        return Array.from({ length: 25 }, (_, column) => (column === axis ? 1 : 0));
      });
      const people = rows.map((_, row) => Math.floor(row / 4));
      return groupRates(
        rows.flat(),
        people,
        people.map(() => 1),
        25,
        0.5,
      )[0]!.frr!;
    };
    const [one, three] = [of((person) => person === 0), of((person, image) => person < 3 && image === 0)];
    expect([one.errors, three.errors]).toEqual([6, 9]);
    expect(one.high - one.low).toBeGreaterThan(three.high - three.low);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a threshold that is NaN',
      () => groupRates([1, 0], [0], [0], 2, Number.NaN),
      /threshold must be a number/,
    ],
    [
      'a confidence of 1',
      () => groupRates([1, 0], [0], [0], 2, 0.5, { confidence: 1 }),
      /confidence must be in \(0, 1\)/,
    ],
    ['no group', () => groupRates([1, 0], [0], [null], 2, 0.5), /groups are all null/],
    ['too many groups', () => groupRates([1, 0], [0], [1, 2], 2, 0.5), /groups has 2 elements/],
    ['no labels', () => groupRates([1, 0], [], [1], 2, 0.5), /labels is empty/],
    ['a row that is not finite', () => groupRates([1, Infinity], [0], [1], 2, 0.5), /is Infinity/],
  ])('rejects %s', (_, run, message) => {
    expect(run).toThrow(MetricsError);
    expect(run).toThrow(message);
  });
});
