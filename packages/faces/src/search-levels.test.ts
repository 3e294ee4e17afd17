import { transformPoint } from '@openset/data';
import { describe, expect, it } from 'vitest';
import { isUsefulLevel, levelSides, needsFinerLevel, planLevel } from './search-levels.ts';

describe('planLevel', () => {
  const image = { height: 768, width: 1366 };

  it('rounds the input up to multiples of 32 and centres the image', () => {
    const { height, width, transform } = planLevel(image, { side: 224, margin: 16 });
    expect([width, height]).toEqual([256, 160]);
    expect(transformPoint(transform, [682.5, 383.5])).toEqual([
      expect.closeTo(127.5, 8),
      expect.closeTo(79.5, 8),
    ]);
    // The left edge of the first pixel, at −½, comes to lie 16 pixels from the edge of the input, at −½.
    expect(transformPoint(transform, [-0.5, 383.5])[0]).toBeCloseTo(15.5, 8);
  });

  it('enlarges small images', () => {
    const { transform } = planLevel({ height: 40, width: 40 }, { side: 160, margin: 48 });
    expect(transform).toEqual({ a: 4, b: 0, x0: 49.5, y0: 49.5 });
  });

  it.each([
    // The upper left corner of the image goes to the upper right, the lower right, and the lower left one.
    [1, [15.5, 1]],
    [2, [30, 15.5]],
    [3, [15.5, 30]],
  ] as const)('turns the image clockwise by %i × 90°', (quarterTurns, [x, y]) => {
    // A dot at the middle of the left edge of a square image of 29 pixels, whose centre goes to (15.5, 15.5).
    const { transform } = planLevel({ height: 29, width: 29 }, { side: 29, margin: 1, quarterTurns });
    expect(transformPoint(transform, [-0.5, 14])).toEqual([expect.closeTo(x, 8), expect.closeTo(y, 8)]);
  });

  it('swaps height and width of an image on its side', () => {
    const { height, width } = planLevel(image, { side: 224, margin: 16, quarterTurns: 1 });
    expect([width, height]).toEqual([160, 256]);
  });
});

describe('search from coarse to fine', () => {
  const sizes = (side: number) =>
    levelSides.filter((level) => isUsefulLevel({ height: 9, width: side }, level));

  it('skips levels that would only add faces of less than 20 pixels', () => {
    expect(sizes(40)).toEqual([224]);
    expect(sizes(559)).toEqual([224]);
    expect(sizes(560)).toEqual([224, 448]);
    expect(sizes(1280)).toEqual([224, 448, 1024]);
  });

  it('goes on while no face was found, or one so small that its neighbours may be missed', () => {
    const image = { height: 1000, width: 2240 };
    expect(needsFinerLevel(image, 224, [])).toBe(true);
    expect(needsFinerLevel(image, 224, [900, 319])).toBe(true);
    expect(needsFinerLevel(image, 224, [900, 320])).toBe(false);
  });

  it('goes on to the largest face while none has the size from which faces are found reliably', () => {
    const image = { height: 1000, width: 2240 };
    expect(needsFinerLevel(image, 224, [], 'largest')).toBe(true);
    expect(needsFinerLevel(image, 224, [60, 159], 'largest')).toBe(true);
    expect(needsFinerLevel(image, 224, [60, 160], 'largest')).toBe(false);
  });
});
