import { describe, expect, it } from 'vitest';
import { cosineSimilarities } from './cosine-similarities.ts';
import { estimateGalleries } from './estimate-galleries.ts';
import { galleryScores } from './gallery-scores.ts';
import { galleryThreshold } from './gallery-threshold.ts';
import { normalDeviate } from './normal-deviate.ts';
import { logisticProbability } from './platt-calibration.ts';
import { seededRandom } from './random.ts';

const size = 24;

/** Two embeddings of each person, with noise that differs from image to image. */
function drawPeople(people: number, seed: number) {
  const random = seededRandom('seed', seed);
  const normal = () => normalDeviate(random.next());
  const rows: number[] = [];
  for (let person = 0; person < people; person++) {
    const centre = Array.from({ length: size }, normal);
    for (let image = 0; image < 2; image++) {
      const noise = 0.4 + 0.5 * random.next();
      rows.push(...centre.map((value) => value + noise * normal()));
    }
  }
  const labels = Array.from({ length: 2 * people }, (_, row) => row >> 1);
  return { rows, labels, scores: galleryScores(rows, labels, size) };
}

/** Best matches in galleries of other people, drawn from the same population; half of the probes are enrolled. */
function searchOthers(people: number, searches: number, seed = 77) {
  const { rows } = drawPeople(2 * people, seed);
  const row = (index: number) => rows.slice(size * index, size * (index + 1));
  const results: { cosine: number; isRight: boolean; isStranger: boolean }[] = [];
  const gallery = Array.from({ length: people }, (_, person) => row(2 * person)).flat();
  for (let probe = 0; probe < searches; probe++) {
    const person = probe % (2 * people);
    const own = row(2 * person + 1);
    const repeated = Array.from({ length: people }, () => own).flat();
    const cosines = cosineSimilarities(repeated, gallery, size);
    const cosine = Math.max(...cosines);
    const isRight = person < people && cosines[person] === cosine;
    results.push({ cosine, isRight, isStranger: person >= people });
  }
  return results;
}

describe('estimateGalleries', () => {
  const sample = drawPeople(60, 1);
  const [few, many] = estimateGalleries(sample.scores, [10, 100], { samples: 40 });
  const searches = searchOthers(100, 200);
  const strangers = searches.filter(({ isStranger }) => isStranger);
  const accepted = (threshold: number) =>
    strangers.filter(({ cosine }) => cosine >= threshold).length / strangers.length;

  it('agrees with galleryThreshold, and rises with the gallery', () => {
    expect(few!.people).toBe(10);
    expect(many!.threshold).toBe(galleryThreshold(sample.scores, 100));
    expect(many!.threshold).toBeGreaterThan(few!.threshold);
  });

  it('has an interval that holds the threshold of a large sample, and that narrows with more people', () => {
    const [truth] = estimateGalleries(drawPeople(250, 9).scores, [100], { samples: 0 });
    const { low, high } = many!.interval!;
    expect(low).toBeLessThan(truth!.threshold);
    expect(high).toBeGreaterThan(truth!.threshold);
    expect(truth!.interval).toBeNull();
    expect(truth!.falseAlarmsBound).toBeNull();
    const [poor] = estimateGalleries(drawPeople(15, 3).scores, [100], { samples: 40 });
    expect(high - low).toBeLessThan(0.8 * (poor!.interval!.high - poor!.interval!.low));
  });

  it('states the share of false alarms, and an upper end that holds for other people', () => {
    const share = accepted(many!.threshold);
    expect(share).toBeGreaterThan(0);
    expect(many!.falseAlarmsBound).toBeGreaterThan(share);
    expect(many!.falseAlarmsBound).toBeGreaterThan(many!.falseAlarms);
    expect(Math.abs(many!.falseAlarms - share)).toBeLessThan(0.06);
    const [promised] = estimateGalleries(sample.scores, [100], { falseAlarmRate: 0.02, samples: 40 });
    expect(promised!.falseAlarms).toBeCloseTo(0.02, 6);
    expect(promised!.falseAlarmsBound).toBeGreaterThan(accepted(promised!.threshold));
  });

  it('keeps a promise on average over sets of 40 people', () => {
    const others = [77, 78, 79, 80, 81].flatMap((seed) =>
      searchOthers(100, 200, seed).filter(({ isStranger }) => isStranger),
    );
    let sum = 0;
    for (let draw = 0; draw < 12; draw++) {
      const options = { samples: 0, falseAlarmRate: 0.05 };
      const [promised] = estimateGalleries(drawPeople(40, 50 + draw).scores, [100], options);
      sum += others.filter(({ cosine }) => cosine >= promised!.threshold).length / others.length / 12;
    }
    expect(sum).toBeGreaterThan(0.03);
    expect(sum).toBeLessThan(0.06);
  });

  it('gives the probability that the best match is right', () => {
    const curve = many!.curve!;
    const groups = [0, 0.2, 0.8, 1].slice(1).map((end, index) => {
      const start = [0, 0.2, 0.8][index]!;
      const members = searches
        .map((search) => ({ ...search, probability: logisticProbability(curve, search.cosine) }))
        .filter(({ probability }) => probability >= start && probability <= end);
      const mean = members.reduce((sum, { probability }) => sum + probability, 0) / members.length;
      return { mean, right: members.filter(({ isRight }) => isRight).length / members.length };
    });
    for (const { mean, right } of groups) expect(Math.abs(mean - right)).toBeLessThan(0.12);
    expect(groups[0]!.right).toBeLessThan(0.15);
    expect(groups[2]!.right).toBeGreaterThan(0.9);
    // At equal cosines, a larger gallery makes the best match less certain.
    const at = (estimate: typeof few) => logisticProbability(estimate!.curve!, many!.threshold);
    expect(at(many)).toBeLessThan(at(few) - 0.1);
  });

  it('gives a gallery of one person a curve, and too few people no interval', () => {
    const [one] = estimateGalleries(sample.scores, [1], { samples: 0 });
    expect(one!.curve!.slope).toBeLessThan(0);
    const [small] = estimateGalleries(drawPeople(4, 2).scores, [3]);
    expect(small!.interval).toBeNull();
  });

  it('gives the same result for the same seed', () => {
    const again = estimateGalleries(sample.scores, [10, 100], { seed: 0, samples: 40 });
    expect(again).toEqual([few, many]);
    const other = estimateGalleries(sample.scores, [100], { seed: 1, samples: 40 });
    expect(other[0]!.interval).not.toEqual(many!.interval);
  });

  it('rejects options out of range', () => {
    expect(() => estimateGalleries(sample.scores, [0])).toThrow('sizes');
    expect(() => estimateGalleries(sample.scores, [])).toThrow('empty');
    expect(() => estimateGalleries(sample.scores, [3], { falseAlarmRate: 1 })).toThrow('falseAlarmRate');
    expect(() => estimateGalleries(sample.scores, [3], { samples: 1 })).toThrow('samples');
  });
});
