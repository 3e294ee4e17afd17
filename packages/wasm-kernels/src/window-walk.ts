import type { AxisGeometry } from './convolution-geometry.ts';

/** The elements of one window that lie inside the image, in row-major order. Only the first `count` entries are valid. */
export interface Window {
  count: number;
  /** Index of each pixel among all pixels of the batch. */
  readonly pixels: Int32Array;
  /** Index of the tap that meets the pixel. */
  readonly taps: Int32Array;
}

/** Windows of a batch of images or volumes. An image has a depth axis of one pixel. */
export interface WindowGeometry {
  readonly batch: number;
  readonly channels: number;
  readonly depth: AxisGeometry;
  readonly height: AxisGeometry;
  readonly width: AxisGeometry;
}

/** The depth axis of an image. */
export const flatAxis: AxisGeometry = {
  input: 1,
  output: 1,
  kernel: 1,
  stride: 1,
  dilation: 1,
  padBefore: 0,
};

/** Calls `visit` for each output pixel, in row-major order. All calls get the same window object. */
export function visitWindows(
  { batch, depth, height, width }: WindowGeometry,
  visit: (window: Window, output: number) => void,
): void {
  const size = depth.kernel * height.kernel * width.kernel;
  const window = { count: 0, pixels: new Int32Array(size), taps: new Int32Array(size) };
  const [planes, rows, columns] = [depth, height, width].map(tapsInside) as [Taps, Taps, Taps];
  let output = 0;
  for (let image = 0; image < batch; image++) {
    for (let z = 0; z < depth.output; z++) {
      for (let y = 0; y < height.output; y++) {
        for (let x = 0; x < width.output; x++) {
          window.count = 0;
          for (let tapZ = planes.first[z]!; tapZ < planes.end[z]!; tapZ++) {
            const plane = (image * depth.input + inputOf(depth, z, tapZ)) * height.input;
            for (let tapY = rows.first[y]!; tapY < rows.end[y]!; tapY++) {
              const row = (plane + inputOf(height, y, tapY)) * width.input;
              const tapRow = (tapZ * height.kernel + tapY) * width.kernel;
              for (let tapX = columns.first[x]!; tapX < columns.end[x]!; tapX++) {
                window.pixels[window.count] = row + inputOf(width, x, tapX);
                window.taps[window.count++] = tapRow + tapX;
              }
            }
          }
          visit(window, output++);
        }
      }
    }
  }
}

/** For each output, the taps `first ≤ tap < end` inside the image. */
interface Taps {
  first: number[];
  end: number[];
}

function tapsInside(axis: AxisGeometry): Taps {
  const starts = Array.from({ length: axis.output }, (_, output) => inputOf(axis, output, 0));
  return {
    first: starts.map((start) => Math.max(0, Math.ceil(-start / axis.dilation))),
    end: starts.map((start) => Math.min(axis.kernel, Math.ceil((axis.input - start) / axis.dilation))),
  };
}

function inputOf({ stride, dilation, padBefore }: AxisGeometry, output: number, tap: number): number {
  return output * stride + tap * dilation - padBefore;
}
