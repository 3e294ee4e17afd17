import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';

type Triple = [number, number, number];

/** Windows over volumes `[batch, depth, height, width, channels]`. */
export interface VolumeCase {
  batch: number;
  size: Triple;
  channels: number;
  kernel: Triple;
  strides: Triple;
  dilations: Triple;
  pad: 'same' | 'valid' | number;
  dimRoundingMode?: 'floor' | 'ceil' | 'round' | undefined;
  /** Images: a volume of one plane without padding along the depth. */
  isImage?: boolean;
}

/** The taps of each case, found once: finite differences compute a result for each operand. */
const tapsOfCase = new WeakMap<VolumeCase, readonly (readonly [number, number, number])[]>();

/** Calls `visit` for each tap of each output that is inside the volume. Pixels are numbered over the whole batch. */
export function visitTaps(
  test: VolumeCase,
  visit: (outputPixel: number, inputPixel: number, tap: number) => void,
): void {
  const taps = tapsOfCase.get(test) ?? findTaps(test);
  tapsOfCase.set(test, taps);
  for (const [output, input, tap] of taps) visit(output, input, tap);
}

function findTaps(test: VolumeCase): [number, number, number][] {
  const { batch, size, kernel, strides, dilations } = test;
  const { outputs, padding } = outputsOf(test);
  const total = (sizes: readonly number[]) => sizes.reduce((product, part) => product * part, 1);
  const taps: [number, number, number][] = [];
  for (let output = 0; output < batch * total(outputs); output++) {
    const [image, ...place] = digits(output, [batch, ...outputs]) as [number, ...Triple];
    for (let tap = 0; tap < total(kernel); tap++) {
      const step = digits(tap, kernel);
      const input = place.map(
        (at, axis) => at * strides[axis]! + step[axis]! * dilations[axis]! - padding[axis]!,
      );
      if (input.some((at, axis) => at < 0 || at >= size[axis]!)) continue;
      taps.push([output, input.reduce((index, at, axis) => index * size[axis]! + at, image), tap]);
    }
  }
  return taps;
}

/** Returns the numbers of outputs along the axes, and the padding before the first input. */
export function outputsOf(test: VolumeCase): { outputs: Triple; padding: Triple } {
  const { batch, size, channels, kernel, strides, dilations, pad, dimRoundingMode } = test;
  if (test.isImage) {
    const info = tf.backend_util.computePool2DInfo(
      [batch, size[1], size[2], channels],
      [kernel[1], kernel[2]],
      [strides[1], strides[2]],
      1,
      pad,
      dimRoundingMode,
    );
    return {
      outputs: [1, info.outHeight, info.outWidth],
      padding: [0, info.padInfo.top, info.padInfo.left],
    };
  }
  const { outDepth, outHeight, outWidth, padInfo } = tf.backend_util.computeConv3DInfo(
    [batch, ...size, channels],
    [...kernel, channels, channels],
    strides,
    dilations,
    pad,
    false,
    'channelsLast',
    dimRoundingMode,
  );
  return { outputs: [outDepth, outHeight, outWidth], padding: [padInfo.front, padInfo.top, padInfo.left] };
}

/** Returns the position along each axis of an element in row-major order. */
export function digits(index: number, sizes: readonly number[]): number[] {
  const result: number[] = [];
  let rest = index;
  for (const size of [...sizes].reverse()) {
    result.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return result;
}

/** Returns the convolution with a filter `[depth, height, width, channels, outChannels]`, in float64. */
export function referenceConv3D(
  test: VolumeCase,
  outChannels: number,
  x: ArrayLike<number>,
  filter: ArrayLike<number>,
): Float64Array {
  const { batch, channels } = test;
  const [depth, height, width] = outputsOf(test).outputs;
  const result = new Float64Array(batch * depth * height * width * outChannels);
  visitTaps(test, (output, input, tap) => {
    for (let channel = 0; channel < channels; channel++) {
      for (let outChannel = 0; outChannel < outChannels; outChannel++) {
        result[output * outChannels + outChannel]! +=
          x[input * channels + channel]! * filter[(tap * channels + channel) * outChannels + outChannel]!;
      }
    }
  });
  return result;
}

/** Returns the largest or the mean value of each window, in float64. */
export function referencePool(test: VolumeCase, kind: 'max' | 'avg', x: ArrayLike<number>): Float64Array {
  const { batch, channels } = test;
  const [depth, height, width] = outputsOf(test).outputs;
  const length = batch * depth * height * width * channels;
  const counts = new Float64Array(length);
  const results = new Float64Array(length).fill(kind === 'max' ? Number.NEGATIVE_INFINITY : 0);
  visitTaps(test, (output, input) => {
    for (let channel = 0; channel < channels; channel++) {
      const value = x[input * channels + channel]!;
      const place = output * channels + channel;
      results[place] = kind === 'max' ? Math.max(results[place]!, value) : results[place]! + value;
      counts[place]!++;
    }
  });
  return kind === 'max' ? results : results.map((sum, index) => sum / counts[index]!);
}

/** Windows of every kind: all paddings, strides above the window, and either strides or dilations. */
export const volumeCases: fc.Arbitrary<VolumeCase> = fc
  .record({
    batch: fc.constantFrom(1, 3),
    size: triple(1, 5),
    channels: fc.constantFrom(1, 2, 5),
    kernel: triple(1, 3),
    strides: triple(1, 3),
    dilations: triple(1, 3),
    isDilated: fc.boolean(),
    pad: fc.constantFrom<VolumeCase['pad']>('same', 'valid', 1),
  })
  .map(({ isDilated, ...rest }): VolumeCase => {
    return { ...rest, ...(isDilated ? { strides: [1, 1, 1] } : { dilations: [1, 1, 1] }) };
  })
  .filter((test) => outputsOf(test).outputs.every((outputs) => outputs > 0));

function triple(min: number, max: number): fc.Arbitrary<Triple> {
  const one = fc.integer({ min, max });
  return fc.tuple(one, one, one);
}
