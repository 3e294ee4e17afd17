import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { winogradFilterTask, winogradTask } from './task-ids.ts';

/** Results of a tile in each direction, and planes of its transform. */
const tile = 4;
const planes = 36;
/** See assembly/winograd.ts. */
const blockChannels = 128;
const chunkElements = 2 ** 14;
const manyChunks = 16;

export interface Winograd {
  image: number; batch: number; height: number; width: number; channels: number;
  target: number; outHeight: number; outWidth: number; columns: number;
  offset: [number, number];
  bias: number;
  filter: number; filterTap: [number, number]; filterChannel: number; filterColumn: number;
}

export function runWinograd(scope: KernelScope, native: NativeModule, c: Winograd): void {
  const panels = Math.ceil(c.columns / 8);
  const planeBytes = 4 * 8 * panels * c.channels + 64;
  const transformed = scope.allocate([(planes * planeBytes) / 4]);
  const tiles = c.batch * Math.ceil(c.outHeight / tile) * Math.ceil(c.outWidth / tile);
  const env = (globalThis as any).WINO ?? {};
  const channelsPerBlock = even(c.channels, env.K ?? blockChannels);
  let columnsPerChunk = even(c.columns, env.N ?? blockChannels);
  let tilesPerChunk = Math.min(env.T ?? 32, tiles);
  const chunks = () => Math.ceil(tiles / tilesPerChunk) * Math.ceil(c.columns / columnsPerChunk);
  while (chunks() < (env.M ?? manyChunks) && columnsPerChunk > 32) columnsPerChunk = 8 * Math.ceil(columnsPerChunk / 16);
  const words = [
    ...[c.image, c.batch, c.height, c.width, c.channels],
    ...[c.target, c.outHeight, c.outWidth, c.columns, ...c.offset],
    ...[native.address(transformed), planeBytes, c.bias],
    ...[tilesPerChunk, channelsPerBlock, columnsPerChunk],
    ...[c.filter, ...c.filterTap, c.filterChannel, c.filterColumn],
  ];
  const t0 = performance.now();
  native.run(winogradFilterTask, panels, words);
  const t1 = performance.now();
  native.run(winogradTask, chunks(), words);
  if (env.log) console.log('filter', (t1 - t0).toFixed(2), 'main', (performance.now() - t1).toFixed(2), {tiles, tilesPerChunk, channelsPerBlock, columnsPerChunk, chunks: chunks()});
}

/** The size of parts, multiples of 8 and at most `most`, that are about equal. */
function even(size: number, most: number): number {
  return 8 * Math.ceil(size / Math.ceil(size / most) / 8);
}
