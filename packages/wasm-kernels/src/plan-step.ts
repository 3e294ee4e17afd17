import type { InferencePlan, MapShape, PlanStep, PlanWindow } from '@openset/core';
import type { AxisGeometry, ConvolutionGeometry } from './convolution-geometry.ts';
import type { NativeModule } from './native-module.ts';
import type { WindowedConvolution } from './windowed-convolution.ts';
import { outputWindows } from './windows.ts';

/** A convolution of a plan, full or depthwise. */
export type ConvolutionStep = Extract<PlanStep, { kind: 'convolution' }>;
export type DepthwiseStep = Extract<PlanStep, { kind: 'depthwise' }>;

/** A run of a plan: what runs its tasks, and where its maps and weights are. */
export interface PlanRun {
  readonly native: Pick<NativeModule, 'threads'> & {
    readonly run: (...call: Parameters<NativeModule['run']>) => void;
  };
  readonly plan: InferencePlan;
  readonly batch: number;
  /** Returns the address of a map, or of a weight; 0 for none. */
  readonly mapAt: (index: number | null) => number;
  readonly weightAt: (index: number | null) => number;
}

/** Returns the geometry of a window that slides over one image. */
export function stepGeometry(
  { maps }: InferencePlan,
  { input, output, window }: { input: number; output: number; window: PlanWindow },
): ConvolutionGeometry {
  const [from, to] = [maps[input]!, maps[output]!];
  // A window over the whole map reads all its values as the channels of one pixel.
  if (window.pad === 0 && window.size[0] === from[0] && window.size[1] === from[1]) {
    return { batch: 1, inChannels: sizeOf(from), outChannels: to[2], height: onePixel, width: onePixel };
  }
  const [height, width] = axesOf(from, to, window);
  return { batch: 1, inChannels: from[2], outChannels: to[2], height, width };
}

/** Returns the geometry of both axes of a window that slides over a map. */
export function axesOf(
  from: MapShape,
  to: MapShape,
  { size, stride, pad }: PlanWindow,
): [height: AxisGeometry, width: AxisGeometry] {
  const axis = (index: 0 | 1): AxisGeometry => ({
    input: from[index],
    output: to[index],
    kernel: size[index],
    stride,
    dilation: 1,
    padBefore: pad,
  });
  return [axis(0), axis(1)];
}

const onePixel: AxisGeometry = { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padBefore: 0 };

/** Returns the values of a map. */
export function sizeOf([height, width, channels]: MapShape): number {
  return height * width * channels;
}

/** Returns the words of a convolution without Winograd's algorithm. */
export function windowedStep(
  { plan, batch, mapAt, weightAt }: PlanRun,
  step: DepthwiseStep,
): WindowedConvolution {
  const [from, to] = [plan.maps[step.input]!, plan.maps[step.output]!];
  const [height, width] = axesOf(from, to, step.window);
  const channels = from[2];
  return {
    image: mapAt(step.input),
    batch,
    channels,
    height: outputWindows(height),
    width: outputWindows(width),
    filter: weightAt(step.filter),
    filterTap: [step.window.size[1] * channels, channels],
    target: mapAt(step.output),
    targetImage: sizeOf(to),
    targetPixel: [to[1] * channels, channels],
    bias: weightAt(step.bias),
  };
}
