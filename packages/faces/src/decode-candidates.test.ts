import { describe, expect, it } from 'vitest';
import { decodeCandidates } from './decode-candidates.ts';

/** A grid of 2 × 3 places with 2 anchors each, all logits low. */
function emptyGrid() {
  const logits = new Float32Array(12).fill(-9);
  const regressors = new Float32Array(12 * 16);
  return { height: 2, width: 3, stride: 16, anchors: 2, logits, regressors };
}

describe('decodeCandidates', () => {
  it('places the square and the eyes relative to the anchor in the middle of its cell', () => {
    const grid = emptyGrid();
    // Row 1, column 2, second anchor: index (1 · 3 + 2) · 2 + 1 = 11, anchor (40, 24).
    grid.logits[11] = 0;
    grid.regressors.set([1, -2, 30, 20, -5, -4, 5, -3], 11 * 16);
    expect(decodeCandidates(grid, 0.3)).toEqual([
      {
        center: [41, 22],
        side: 30,
        score: 0.5,
        eyes: [
          [35, 20],
          [45, 21],
        ],
      },
    ]);
  });

  it('applies the logistic function to logits, and the minimum to its result', () => {
    const grid = emptyGrid();
    grid.logits.set([Math.log(3), -Math.log(3), Number.NaN]);
    expect(decodeCandidates(grid, 0.26).map(({ score }) => score)).toEqual([expect.closeTo(0.75, 6)]);
    expect(decodeCandidates(grid, 0.24).map(({ score }) => score)).toEqual([
      expect.closeTo(0.75, 6),
      expect.closeTo(0.25, 6),
    ]);
  });
});
