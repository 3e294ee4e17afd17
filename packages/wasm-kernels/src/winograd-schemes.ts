import type { AxisGeometry, ConvolutionGeometry } from './convolution-geometry.ts';
import { plainScheme, stridedInputScheme, stridedScheme } from './convolution-task-ids.ts';
import { outputWindows, shareInside } from './windows.ts';

/** What is computed: the convolution, or which of its gradients. */
export type Wanted = 'output' | 'input' | 'filter';

/** How Winograd's algorithm goes about it; see assembly/winograd.ts. */
export interface WinogradScheme {
  readonly id: number;
  /** Products of a tile, for each input and output channel. */
  readonly products: number;
  /** Results of a tile along one axis. */
  readonly results: number;
  /** Tiles that are done at a time, by the convolution and by the gradient by the filter: what scratch memory holds. */
  readonly tilesPerChunk: number;
  readonly tilesPerBlock: number;
}

const plain: WinogradScheme = {
  id: plainScheme,
  products: 36,
  results: 4,
  tilesPerChunk: 64,
  tilesPerBlock: 32,
};
const strided: WinogradScheme = {
  id: stridedScheme,
  products: 81,
  results: 4,
  tilesPerChunk: 28,
  tilesPerBlock: 20,
};
const stridedInput: WinogradScheme = { ...strided, id: stridedInputScheme, results: 8 };

/**
 * The scheme for a convolution, or null where none covers it or the direct way takes less time. Both times are estimated in
 * multiplications for each input and output channel: the transforms of a tile take a quarter as long as its products, and
 * the transform of the filter as long as several hundred.
 */
export function winogradScheme(geometry: ConvolutionGeometry, of: Wanted): WinogradScheme | null {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const { stride } = height;
  if (height.kernel !== 3 || width.kernel !== 3 || width.stride !== stride || stride > 2) return null;
  if (inChannels % 4 !== 0 || outChannels % 4 !== 0) return null;
  const scheme = stride === 1 ? plain : of === 'input' ? stridedInput : strided;
  const tiles = batch * tilesAlong(height, scheme, of) * tilesAlong(width, scheme, of);
  const winograd = 1.25 * scheme.products * tiles + (of === 'filter' ? 300 : 500);
  // The direct way leaves out taps outside of small images; see there.
  const inside = shareInside(outputWindows(height)) * shareInside(outputWindows(width));
  const leavesOut = of === 'filter' ? inChannels >= 64 : inChannels >= 128 && batch >= 4;
  const side = of === 'input' && stride === 1 ? 'input' : 'output';
  const direct = 9 * batch * height[side] * width[side] * (leavesOut ? inside : 1);
  return winograd < direct ? scheme : null;
}

/** Tiles along one axis. Those of an input with a stride begin in the padding. */
export function tilesAlong(
  { input, output, stride, padBefore }: AxisGeometry,
  { results }: WinogradScheme,
  of: Wanted,
): number {
  if (of !== 'input') return Math.ceil(output / results);
  return Math.ceil((stride === 1 ? input : input + padBefore) / results);
}
