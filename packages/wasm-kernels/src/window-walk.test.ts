import { expect, it } from 'vitest';
import type { AxisGeometry } from './convolution-geometry.ts';
import { flatAxis, visitWindows } from './window-walk.ts';

function windowsOf(height: AxisGeometry, width: AxisGeometry, batch = 1) {
  const windows: { pixels: number[]; taps: number[] }[] = [];
  visitWindows({ batch, channels: 1, depth: flatAxis, height, width }, ({ count, pixels, taps }, output) => {
    expect(output).toBe(windows.length);
    windows.push({ pixels: [...pixels.slice(0, count)], taps: [...taps.slice(0, count)] });
  });
  return windows;
}

it('visits the pixels inside the image, in row-major order', () => {
  const height: AxisGeometry = { input: 2, output: 2, kernel: 2, stride: 1, dilation: 1, padBefore: 1 };
  const width: AxisGeometry = { input: 3, output: 1, kernel: 2, stride: 1, dilation: 2, padBefore: 0 };
  expect(windowsOf(height, width)).toEqual([
    { pixels: [0, 2], taps: [2, 3] },
    { pixels: [0, 2, 3, 5], taps: [0, 1, 2, 3] },
  ]);
  expect(windowsOf(height, width, 2)[3]).toEqual({ pixels: [6, 8, 9, 11], taps: [0, 1, 2, 3] });
});

it('visits windows beyond the image, and starts that skip pixels', () => {
  const width: AxisGeometry = { input: 4, output: 3, kernel: 2, stride: 3, dilation: 1, padBefore: -1 };
  expect(windowsOf(flatAxis, width)).toEqual([
    { pixels: [1, 2], taps: [0, 1] },
    { pixels: [], taps: [] },
    { pixels: [], taps: [] },
  ]);
});
