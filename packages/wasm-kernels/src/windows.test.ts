import { describe, expect, it } from 'vitest';
import { inputPhases, outputWindows, shareInside } from './windows.ts';

const axis = { input: 5, output: 3, kernel: 3, stride: 2, dilation: 1, padBefore: 1 };

describe('windows', () => {
  it('of the outputs start in the padding', () => {
    expect(outputWindows(axis)).toEqual({ size: 5, positions: 3, taps: 3, stride: 2, offset: -1 });
  });

  it('of the inputs come in phases', () => {
    // Inputs 1 and 3 are at even positions of the padded row: output 0 reaches 1 with tap 2, output 1 with tap 0.
    // Outputs 0, 1 and 2 reach the inputs 0, 2 and 4 with tap 1 alone.
    expect(inputPhases(axis)).toEqual([
      { firstInput: 1, lastTap: 2, windows: { size: 3, positions: 2, taps: 2, stride: 1, offset: 0 } },
      { firstInput: 0, lastTap: 1, windows: { size: 3, positions: 3, taps: 1, stride: 1, offset: 0 } },
    ]);
  });

  it('skips phases without inputs', () => {
    expect(inputPhases({ ...axis, input: 1, output: 1 })).toHaveLength(1);
  });

  it('have a share of taps inside the image', () => {
    // One of three taps is outside at each end.
    expect(shareInside(outputWindows(axis))).toBeCloseTo(7 / 9);
  });
});
