import type { AxisGeometry, ConvolutionGeometry } from './convolution-geometry.ts';
import { plainScheme, stridedInputScheme, stridedScheme, twoPixelScheme } from './convolution-task-ids.ts';
import { outputWindows, shareInside } from './windows.ts';

/** The result to compute: the output of a convolution, its input gradient or its filter gradient. */
export type ConvolutionResult = 'output' | 'input' | 'filter';

/** A variant of Winograd's algorithm; see assembly/winograd.ts. */
export interface WinogradScheme {
  readonly id: number;
  /** Products of a full tile along one axis, for each input and output channel, and those that a short tile lacks. */
  readonly points: number;
  readonly lastPoints: number;
  /** Results of a full tile along one axis. */
  readonly results: number;
  /** Planes of a transformed filter. */
  readonly filterPlanes: number;
  /** Cost of transforming the filter, in multiplications for each input and output channel. */
  readonly filterCost: { readonly filter: number; readonly others: number };
  /** Tiles that scratch memory holds at a time, in a convolution and in a filter gradient. */
  readonly tilesPerChunk: number;
  readonly tilesPerBlock: number;
}

const plain: WinogradScheme = {
  id: plainScheme,
  points: 6,
  lastPoints: 1,
  results: 4,
  filterPlanes: 36,
  filterCost: { filter: 300, others: 500 },
  tilesPerChunk: 64,
  tilesPerBlock: 32,
};
const strided: WinogradScheme = {
  ...plain,
  id: stridedScheme,
  points: 9,
  lastPoints: 2,
  tilesPerChunk: 28,
  tilesPerBlock: 20,
};
/** Returns the scheme for a convolution of this stride, 1 or 2. */
export function forwardScheme(stride: number): WinogradScheme {
  return stride === 1 ? plain : strided;
}

const stridedInput: WinogradScheme = { ...strided, id: stridedInputScheme, results: 8 };
const twoPixel: WinogradScheme = {
  id: twoPixelScheme,
  points: 3,
  lastPoints: 0,
  results: 2,
  filterPlanes: 9,
  filterCost: { filter: 50, others: 50 },
  tilesPerChunk: 64,
  tilesPerBlock: 32,
};

/**
 * Returns the scheme for a convolution, or null if no scheme supports it or the direct method is faster. Estimates both
 * times in multiplications for each input and output channel; the transforms of a tile cost a quarter of its products.
 */
export function winogradScheme(
  geometry: ConvolutionGeometry,
  result: ConvolutionResult,
): WinogradScheme | null {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const { stride } = height;
  if (height.kernel !== 3 || width.kernel !== 3 || width.stride !== stride || stride > 2) return null;
  if (inChannels % 4 !== 0 || outChannels % 4 !== 0) return null;
  const scheme = chooseScheme(height, width, result);
  const products = batch * productsOf(geometry, scheme, result);
  const winograd = 1.25 * products + scheme.filterCost[result === 'filter' ? 'filter' : 'others'];
  // The direct method skips taps outside small images; see native-convolution.ts.
  const inside = shareInside(outputWindows(height)) * shareInside(outputWindows(width));
  const skipsOutside = result === 'filter' ? inChannels >= 64 : inChannels >= 128 && batch >= 4;
  const side = result === 'input' && stride === 1 ? 'input' : 'output';
  const direct = 9 * batch * height[side] * width[side] * (skipsOutside ? inside : 1);
  return winograd < direct ? scheme : null;
}

function chooseScheme(height: AxisGeometry, width: AxisGeometry, result: ConvolutionResult): WinogradScheme {
  if (height.stride === 1) return [height, width].every(isTwoPixels) ? twoPixel : plain;
  return result === 'input' ? stridedInput : strided;
}

function isTwoPixels({ input, output, padBefore }: AxisGeometry): boolean {
  return input === 2 && output === 2 && padBefore === 1;
}

type Axes = Pick<ConvolutionGeometry, 'height' | 'width'>;

/** Returns the tiles of an image along both axes, and how many of them are full. */
export function tilesOf(
  { height, width }: Axes,
  scheme: WinogradScheme,
  result: ConvolutionResult,
): { tiles: [number, number]; fullTiles: [number, number] } {
  const [rows, columns] = [tilesAlong(height, scheme, result), tilesAlong(width, scheme, result)];
  return { tiles: [rows.count, columns.count], fullTiles: [rows.full, columns.full] };
}

/** Returns the products of an image, for each input and output channel. */
export function productsOf(
  { height, width }: Axes,
  scheme: WinogradScheme,
  result: ConvolutionResult,
): number {
  const along = (axis: AxisGeometry) => {
    const { count, full } = tilesAlong(axis, scheme, result);
    return scheme.points * count - scheme.lastPoints * (count - full);
  };
  return along(height) * along(width);
}

/**
 * Returns the tiles along one axis. With a stride, tiles of an input start in the padding. As many tiles as possible are short:
 * they have a quarter fewer results.
 */
function tilesAlong(
  { input, output, stride, padBefore }: AxisGeometry,
  { results, lastPoints }: WinogradScheme,
  result: ConvolutionResult,
): { count: number; full: number } {
  const size = result !== 'input' ? output : stride === 1 ? input : input + padBefore;
  const count = Math.ceil(size / results);
  if (lastPoints === 0) return { count, full: count };
  const unused = Math.floor((results * count - size) / (results / 4));
  return { count, full: Math.max(0, count - unused) };
}
