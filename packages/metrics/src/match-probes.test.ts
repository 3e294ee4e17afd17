import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelledRows, score } from './__fixtures__/arbitraries.ts';
import references from './__fixtures__/metrics.json';
import {
  cmcCurve,
  cosineSimilarities,
  dirAtFar,
  MetricsError,
  matchProbeEmbeddings,
  matchProbes,
  plainBlockProduct,
  rankAccuracy,
  unitRows,
} from './index.ts';

const never = Number.NEGATIVE_INFINITY;

describe('matchProbes', () => {
  it('agrees with a hand-worked example', () => {
    // Gallery of 7, 8, 9. The probe of 8 scores 0.5, but 0.75 with 9. The probe of 7 ties. The last one is a stranger.
    const scores = [0.25, 0.5, 0.75, 0.5, 0.5, 0.25, 0.125, 0.25, 0];
    const matches = matchProbes(scores, [8, 7, 1], [7, 8, 9]);
    expect([...matches.ranks]).toEqual([2, 2, 0]);
    expect([...matches.bestRight]).toEqual([0.5, 0.5, never]);
    expect([...matches.bestWrong]).toEqual([0.75, 0.5, 0.25]);
  });

  it('uses the best of several rows of an identity, and counts each wrong row', () => {
    const matches = matchProbes([0.25, 0.75, 0.5, 0.875, 0.8125], [1], [1, 1, 2, 3, 3]);
    expect([...matches.ranks]).toEqual([3]);
    expect([...matches.bestRight]).toEqual([0.75]);
  });

  it('has no wrong rows with one identity', () => {
    const matches = matchProbes([0.5, -1], [4, 4], [4]);
    expect([...matches.ranks]).toEqual([1, 1]);
    expect([...matches.bestWrong]).toEqual([never, never]);
  });

  it('equals a direct implementation of the definition', () => {
    const label = fc.integer({ min: 0, max: 3 });
    const test = fc
      .tuple(fc.array(label, { minLength: 1, maxLength: 5 }), fc.array(label, { minLength: 1, maxLength: 6 }))
      .chain(([probes, gallery]) => {
        const length = probes.length * gallery.length;
        const scores = fc.array(score, { minLength: length, maxLength: length });
        return fc.tuple(fc.constant(probes), fc.constant(gallery), scores);
      });
    fc.assert(
      fc.property(test, ([probes, gallery, scores]) => {
        const { bestRight, bestWrong, ranks } = matchProbes(scores, probes, gallery);
        probes.forEach((identity, probe) => {
          const row = scores.slice(probe * gallery.length, (probe + 1) * gallery.length);
          const right = row.filter((_, column) => gallery[column] === identity);
          const wrong = row.filter((_, column) => gallery[column] !== identity);
          expect(bestRight[probe]).toBe(Math.max(...right));
          expect(bestWrong[probe]).toBe(Math.max(...wrong));
          const rank = 1 + wrong.filter((value) => value >= Math.max(...right)).length;
          expect(ranks[probe]).toBe(right.length > 0 ? rank : 0);
        });
      }),
    );
  });

  it('rejects invalid input', () => {
    expect(() => matchProbes([1, 2, 3], [0, 1], [0, 1])).toThrow(
      /3 elements.*\[2 probes, 2 gallery rows\].* 4/,
    );
    expect(() => matchProbes([Number.NaN], [0], [0])).toThrow(/scores\[0\] is NaN/);
    expect(() => matchProbes([1], [], [0])).toThrow(/probeLabels is empty/);
    expect(() => matchProbes([1], [0], undefined as unknown as number[])).toThrow(MetricsError);
  });
});

describe('matchProbeEmbeddings', () => {
  it('equals matchProbes on the same cosines, for every block size', () => {
    const set = labelledRows(2, { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(set, set, fc.integer({ min: 1, max: 8 }), (probes, gallery, blockRows) => {
        const [a, b] = [unitRows(probes.embeddings, 2), unitRows(gallery.embeddings, 2)];
        const scores = plainBlockProduct(a, b, probes.labels.length, gallery.labels.length, 2);
        const matches = matchProbeEmbeddings({
          probes: probes.embeddings,
          probeLabels: probes.labels,
          gallery: gallery.embeddings,
          galleryLabels: gallery.labels,
          size: 2,
          blockRows,
        });
        expect(matches).toEqual(matchProbes(scores, probes.labels, gallery.labels));
      }),
    );
  });

  it('rejects a product that is not a cosine', () => {
    const test = { probes: [1, 0], probeLabels: [0], gallery: [1, 0], galleryLabels: [0], size: 2 };
    const multiply = () => new Float32Array([Number.NaN]);
    expect(() => matchProbeEmbeddings({ ...test, multiply })).toThrow(/multiply returned NaN/);
    expect(() => matchProbeEmbeddings({ ...test, galleryLabels: [1], multiply })).toThrow(MetricsError);
    expect(() => matchProbeEmbeddings({ ...test, gallery: [0, 0] })).toThrow(/gallery: row 0 is all zeros/);
  });
});

describe.each(references.identification)('the reference with $gallerySize in the gallery', (reference) => {
  const { embeddingSize: size, gallerySize, matedIds, nonMatedProbes, expected } = reference;
  const [probes, gallery] = [new Float32Array(reference.probes), new Float32Array(reference.gallery)];
  const probeLabels = [...matedIds, ...Array.from({ length: nonMatedProbes }, () => -1)];
  const galleryLabels = Array.from({ length: gallerySize }, (_, row) => row);
  const scores = probeLabels.flatMap((_, probe) => {
    const row = probes.subarray(probe * size, (probe + 1) * size);
    const repeated = galleryLabels.flatMap(() => [...row]);
    return [...cosineSimilarities(repeated, gallery, size)];
  });
  it.each([
    ['scores', matchProbes(scores, probeLabels, galleryLabels)],
    [
      'embeddings',
      matchProbeEmbeddings({ probes, probeLabels, gallery, galleryLabels, size, blockRows: 50 }),
    ],
  ])('has the same rates from %s', (_, matches) => {
    expect(rankAccuracy(matches)).toBe(expected.rank1);
    expect(rankAccuracy(matches, 5)).toBe(expected.rank5);
    expect(cmcCurve(matches, 5)[4]).toBe(expected.rank5);
    for (const [far, dir] of Object.entries(expected.dirAtFar)) {
      expect(dirAtFar(matches, Number(far)).dir).toBe(dir);
    }
  });
});
