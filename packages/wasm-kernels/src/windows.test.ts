import { describe, expect, it } from 'vitest';
import { inputPhases, outputWindows, shareInside } from './windows.ts';

const axis = { input: 5, output: 3, kernel: 3, stride: 2, dilation: 1, padBefore: 1 };

describe('windows', () => {
  it('of the outputs begin in the padding', () => {
    expect(outputWindows(axis)).toEqual({ size: 5, positions: 3, taps: 3, stride: 2, offset: -1 });
  });

  it('of the inputs come in phases', () => {
    // Inputs 1 and 3 stand at an even place of the padded row: output 0 reaches 1 with tap 2, output 1 with tap 0.
    // Inputs 0, 2 and 4 are reached by tap 1 alone, from the outputs 0, 1 and 2.
    expect(inputPhases(axis)).toEqual([
      { firstInput: 1, lastTap: 2, windows: { size: 3, positions: 2, taps: 2, stride: 1, offset: 0 } },
      { firstInput: 0, lastTap: 1, windows: { size: 3, positions: 3, taps: 1, stride: 1, offset: 0 } },
    ]);
  });

  it('leaves out phases that no input has', () => {
    expect(inputPhases({ ...axis, input: 1, output: 1 })).toHaveLength(1);
  });

  it('lie inside of the image by a share', () => {
    // One of three taps is outside at each end.
    expect(shareInside(outputWindows(axis))).toBeCloseTo(7 / 9);
  });
});
