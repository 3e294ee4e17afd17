import { describe, expect, it } from 'vitest';
import { seededRandom } from './random.ts';
import { rateOverPeople } from './rate-over-people.ts';

describe('rateOverPeople', () => {
  it('is null without pairs', () => {
    expect(rateOverPeople([], 1, 0.95)).toBeNull();
    expect(rateOverPeople([{ errors: 0, pairs: 0 }], 2, 0.95)).toBeNull();
  });

  it('counts pairs of two people once', () => {
    // Three people with one pair each two; that of the first and the second is wrong.
    const people = [1, 1, 0].map((errors) => ({ errors, pairs: 2 }));
    expect(rateOverPeople(people, 2, 0.95)).toMatchObject({ rate: 1 / 3, errors: 1, pairs: 3 });
  });

  it('counts each person, or each two, as a trial if no variance can be seen', () => {
    // z² / (n + z²) for no errors in n trials, and its complement if all are wrong.
    const of = (errors: number, peopleOfPair: 1 | 2) =>
      rateOverPeople(Array(5).fill({ errors, pairs: 4 }), peopleOfPair, 0.95)!;
    expect(of(0, 1)).toMatchObject({ low: 0, high: expect.closeTo(0.4345, 4) });
    expect(of(0, 2)).toMatchObject({ low: 0, high: expect.closeTo(0.2775, 4) });
    expect(of(4, 1)).toMatchObject({ rate: 1, low: expect.closeTo(0.5655, 4), high: 1 });
    // Equal people, and one person alone.
    expect(of(2, 1)).toMatchObject({ low: expect.closeTo(0.1704, 4), high: expect.closeTo(0.8296, 4) });
    expect(rateOverPeople([{ errors: 1, pairs: 6 }], 1, 0.95)!.high).toBeGreaterThan(0.8);
  });

  it('covers the true rate in about 95 % of the sets, although people differ', () => {
    const random = seededRandom('seed', 1);
    const uniform = () => random.next();
    const share = (rate: number, measure: () => ReturnType<typeof rateOverPeople>) => {
      const sets = Array.from({ length: 400 }, measure);
      return sets.filter((set) => set!.low <= rate && rate <= set!.high).length / sets.length;
    };
    // The rates of people, and how easily two people are confused, are exponentially distributed.
    const rejects = share(0.05, () => {
      const people = Array.from({ length: 60 }, () => {
        const own = Math.min(1, -0.05 * Math.log(uniform()));
        return { errors: Array.from({ length: 10 }, uniform).filter((one) => one < own).length, pairs: 10 };
      });
      return rateOverPeople(people, 1, 0.95);
    });
    const accepts = share(0.02, () => {
      const ease = Array.from({ length: 30 }, () => -Math.log(uniform()));
      const errors = ease.map(() => 0);
      ease.forEach((one, first) => {
        ease.slice(0, first).forEach((other, second) => {
          if (uniform() >= 0.02 * one * other) return;
          errors[first]! += 1;
          errors[second]! += 1;
        });
      });
      return rateOverPeople(
        errors.map((own) => ({ errors: own, pairs: 29 })),
        2,
        0.95,
      );
    });
    for (const covered of [rejects, accepts]) {
      expect(covered).toBeGreaterThan(0.91);
      expect(covered).toBeLessThan(0.995);
    }
  });
});
