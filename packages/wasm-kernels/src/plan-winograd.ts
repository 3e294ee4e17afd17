import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { winogradFilterTask, winogradTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import {
  blockChannels,
  evenPart,
  filterPlaneBytes,
  type WinogradConvolution,
  winogradWords,
} from './native-winograd.ts';
import { chooseParts, type WorkPart } from './plan-parts.ts';
import type { ConvolutionStep, PlanRun } from './plan-step.ts';
import { forwardScheme, productsOf, tilesOf, type WinogradScheme } from './winograd-schemes.ts';

/** Multiplications in the time that it takes to read one value of a filter that is too large for the cache. */
const productsPerRead = 5;

/**
 * Returns Winograd's scheme for a convolution of a plan, or null if the direct method is faster for one image or supports more.
 * Filters are transformed beforehand, but to read 36 planes of them takes longer than 9 taps.
 */
export function planScheme({
  inChannels,
  outChannels,
  height,
  width,
}: ConvolutionGeometry): WinogradScheme | null {
  const { stride } = height;
  if (height.kernel !== 3 || width.kernel !== 3 || stride > 2) return null;
  if (inChannels % 4 !== 0 || outChannels % 4 !== 0) return null;
  const scheme = forwardScheme(stride);
  const products = productsOf({ height, width }, scheme, 'output');
  const winograd = 1.25 * products + productsPerRead * scheme.filterPlanes;
  const direct = 9 * (height.output * width.output + productsPerRead);
  return winograd < direct ? scheme : null;
}

/** Returns the transformed filter of a convolution. */
export function transformFilter(
  scope: KernelScope,
  native: NativeModule,
  filter: TensorInfo,
  geometry: ConvolutionGeometry,
  scheme: WinogradScheme,
): TensorInfo {
  const { inChannels, outChannels } = geometry;
  const planeBytes = filterPlaneBytes(inChannels, outChannels);
  const planes = scope.allocate([(scheme.filterPlanes * planeBytes) / 4]);
  const c = winogradConvolution(geometry, scheme, {
    image: 0,
    target: 0,
    bias: 0,
    filter: native.address(filter),
  });
  const words = winogradWords(c, noSizes, native.address(planes), planeBytes);
  native.run(winogradFilterTask, Math.ceil(outChannels / 8), words);
  return planes;
}

/** Runs a convolution of a plan whose filter is transformed. */
export function runWinogradStep(
  { native, mapAt, weightAt }: PlanRun,
  step: ConvolutionStep,
  geometry: ConvolutionGeometry,
  scheme: WinogradScheme,
): void {
  const bias = weightAt(step.bias);
  const c: WinogradConvolution = {
    ...winogradConvolution(geometry, scheme, {
      image: mapAt(step.input),
      target: mapAt(step.output),
      bias: step.hasBorders ? 0 : bias,
      filter: 0,
    }),
    end: {
      borderBias: step.hasBorders ? bias : 0,
      residual: mapAt(step.residual),
      slopes: weightAt(step.slopes),
    },
  };
  const tiles = c.batch * c.tiles[0] * c.tiles[1];
  const part = chunkSizes(c, tiles, scheme, native.threads);
  const sizes = {
    tilesPerChunk: part.rows,
    channelsPerBlock: evenPart(c.channels, blockChannels),
    columnsPerChunk: part.columns,
    tilesPerBlock: 0,
  };
  const chunks = Math.ceil(tiles / part.rows) * Math.ceil(c.columns / part.columns);
  const planeBytes = filterPlaneBytes(c.channels, c.columns);
  native.run(winogradTask, chunks, winogradWords(c, sizes, weightAt(step.filter), planeBytes));
}

const noSizes = { tilesPerChunk: 0, channelsPerBlock: 0, columnsPerChunk: 0, tilesPerBlock: 0 };

/** Columns whose products take as long as the transform of the inputs, and tiles whose products take as long as to read the filter. */
const columnsPerTransform = 8;
const tilesPerRead = 5;
/** Maximum values of a transformed filter that stays in the cache. */
const cachedValues = 36 << 14;

function chunkSizes(
  { columns, channels }: WinogradConvolution,
  tiles: number,
  { tilesPerChunk, filterPlanes }: WinogradScheme,
  threads: number,
): WorkPart {
  const read = filterPlanes * channels * columns > cachedValues ? tilesPerRead : 0;
  const limits = { rows: 6 * Math.floor(tilesPerChunk / 6), columns: blockChannels };
  return chooseParts({ rows: tiles, columns }, limits, threads, (part) => {
    return part.columns * (part.rows + read) + columnsPerTransform * part.rows;
  });
}

function winogradConvolution(
  { batch, inChannels, outChannels, height, width }: ConvolutionGeometry,
  scheme: WinogradScheme,
  { image, target, bias, filter }: Record<'image' | 'target' | 'bias' | 'filter', number>,
): WinogradConvolution {
  const tap = inChannels * outChannels;
  return {
    scheme,
    image,
    batch,
    height: height.input,
    width: width.input,
    channels: inChannels,
    target,
    outHeight: height.output,
    outWidth: width.output,
    columns: outChannels,
    ...tilesOf({ height, width }, scheme, 'output'),
    offset: [-height.padBefore, -width.padBefore],
    origin: [0, 0],
    bias,
    filter,
    filterTap: [3 * tap, tap],
    filterChannel: outChannels,
    filterColumn: 1,
  };
}
