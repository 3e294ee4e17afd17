import type { AxisGeometry } from './convolution-geometry.ts';

/** Windows along one axis of an image. The window of position `p` starts at `p · stride + offset`. */
export interface Windows {
  readonly size: number;
  readonly positions: number;
  readonly taps: number;
  readonly stride: number;
  readonly offset: number;
}

/** Returns the windows that the outputs read. */
export function outputWindows({ input, output, kernel, stride, padBefore }: AxisGeometry): Windows {
  return { size: input, positions: output, taps: kernel, stride, offset: -padBefore };
}

/** Inputs that meet the same taps. */
export interface Phase {
  readonly firstInput: number;
  readonly lastTap: number;
  /** Windows of `dy` that reach these inputs, with the phase's taps in reverse order. */
  readonly windows: Windows;
}

/** Returns the phases of the inputs: sets of inputs whose padded positions have the same remainder modulo the stride. */
export function inputPhases({ input, output, kernel, stride, padBefore }: AxisGeometry): Phase[] {
  return Array.from({ length: Math.min(stride, kernel) }, (_, rest) => {
    const firstInput = (((rest - padBefore) % stride) + stride) % stride;
    const taps = Math.ceil((kernel - rest) / stride);
    const windows: Windows = {
      size: output,
      positions: Math.ceil((input - firstInput) / stride),
      taps,
      stride: 1,
      offset: (firstInput + padBefore - rest) / stride - (taps - 1),
    };
    return { windows, firstInput, lastTap: rest + (taps - 1) * stride };
  }).filter(({ windows }) => windows.positions > 0);
}

/** Returns the share of taps that lie inside the image. */
export function shareInside({ size, positions, taps, stride, offset }: Windows): number {
  let count = 0;
  for (let position = 0; position < positions; position++) {
    const first = position * stride + offset;
    count += Math.max(0, Math.min(size, first + taps) - Math.max(0, first));
  }
  return count / (positions * taps);
}

/** Returns the outputs `first ≤ o < end` for which a tap is inside the input, at `o * stride + shift`. */
export function outputsThatRead({ input, output, stride, dilation, padBefore }: AxisGeometry, tap: number) {
  const shift = tap * dilation - padBefore;
  const first = Math.max(0, Math.ceil(-shift / stride));
  const end = Math.max(first, Math.min(output, Math.ceil((input - shift) / stride)));
  return { first, end, shift };
}
