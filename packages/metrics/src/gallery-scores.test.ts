import { describe, expect, it } from 'vitest';
import { galleryScores } from './gallery-scores.ts';
import { MetricsError } from './metrics-error.ts';

/** Unit vectors of the plane at some angles, in degrees. */
function atAngles(...degrees: number[]): number[] {
  return degrees.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]);
}

function cosine(degrees: number): number {
  return Math.cos((degrees * Math.PI) / 180);
}

describe('galleryScores', () => {
  it('compares people of two images by their single other image', () => {
    const { genuine, impostor, person, people } = galleryScores(atAngles(0, 10, 90, 110), [7, 7, 3, 3], 2);
    expect(people).toBe(2);
    expect([...person]).toEqual([0, 0, 1, 1]);
    expect([...genuine].sort()).toEqual([
      expect.closeTo(cosine(20), 6),
      expect.closeTo(cosine(20), 6),
      expect.closeTo(cosine(10), 6),
      expect.closeTo(cosine(10), 6),
    ]);
    // Each template is one image: each person's two probes meet one image of the other.
    expect(impostor).toHaveLength(4);
    const possible = [80, 90, 100, 110].map(cosine);
    for (const score of impostor) {
      expect(possible.some((value) => Math.abs(value - score) < 1e-6)).toBe(true);
    }
  });

  it('enrols the unit mean of all images but one, at most five, whatever the length of the embeddings', () => {
    // Three images at 0, 20 and 40 degrees: the others of the probe at 40 have their mean at 10, and so on.
    const rows = [...atAngles(0, 20, 40).map((value, index) => value * (1 + index)), ...atAngles(180, 180)];
    rows.splice(0, 6, ...atAngles(0, 20, 40).map((value, index) => value * [5, 5, 1, 1, 3, 3][index]!));
    const { genuine, impostor } = galleryScores(rows, [0, 0, 0, 1, 1], 2);
    const own = [30, 0, 30, 0, 0].map(cosine).sort();
    expect([...genuine].sort()).toEqual(own.map((value) => expect.closeTo(value, 6)));
    expect(impostor).toHaveLength(5);
    const many = galleryScores(
      [...Array(40)].flatMap((_, row) => [1, row]),
      Array(40).fill(0).fill(1, 20),
      2,
      {
        probes: 2,
        templateImages: 1,
      },
    );
    expect(many.genuine).toHaveLength(4);
  });

  it('leaves out people with one image, and draws some of too many people', () => {
    const rows = [...Array(30)].flatMap((_, row) => atAngles(12 * row));
    const labels = rows.slice(0, 30).map((_, row) => Math.floor(row / 3));
    const all = galleryScores([...rows, 1, 0], [...labels, 99], 2);
    expect(all.people).toBe(10);
    expect(all.genuine).toHaveLength(30);
    expect(all.impostor).toHaveLength(30 * 9);
    const some = galleryScores(rows, labels, 2, { people: 4, probes: 1, seed: 3 });
    expect(some.people).toBe(4);
    expect(some.impostor).toHaveLength(4 * 3);
    expect(galleryScores(rows, labels, 2, { people: 4, probes: 1, seed: 3 })).toEqual(some);
    expect(galleryScores(rows, labels, 2, { people: 4, probes: 1, seed: 4 })).not.toEqual(some);
  });

  it.each<[string, () => unknown, string]>([
    ['one person with two images', () => galleryScores([1, 0, 1, 0, 0, 1], [0, 0, 1], 2), 'but found 1'],
    ['labels of another length', () => galleryScores([1, 0], [0, 1], 2), 'number of rows (1)'],
    ['a row of zeros', () => galleryScores([1, 0, 0, 0], [0, 0], 2), 'all zeros'],
    [
      'opposite images',
      () => galleryScores([1, 0, -1, 0, 1, 0, 1, 0, 1, 0], [0, 0, 0, 1, 1], 2, { probes: 9 }),
      'the mean embedding',
    ],
    [
      'no probes',
      () => galleryScores([1, 0], [0], 2, { probes: 0 }),
      'probes must be a whole number of at least 1',
    ],
    ['no template', () => galleryScores([1, 0], [0], 2, { templateImages: 0 }), 'templateImages must be'],
    [
      'one of all people',
      () => galleryScores([1, 0], [0], 2, { people: 1 }),
      'people must be a whole number of at least 2',
    ],
  ])('rejects %s', (_, call, message) => {
    expect(call).toThrow(MetricsError);
    expect(call).toThrow(message);
  });
});
