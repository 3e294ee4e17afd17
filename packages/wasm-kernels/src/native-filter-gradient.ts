import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { ConvolutionGeometry } from './convolution-geometry.ts';
import { filterGradientTask } from './convolution-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';
import { winogradFilterGradient } from './native-winograd.ts';
import { limitPartCount, sumOfParts } from './sum-of-parts.ts';
import { outputImage, windowedImageWords } from './windowed-convolution.ts';
import { shareInside } from './windows.ts';
import { winogradScheme } from './winograd-schemes.ts';

/** Maximum columns of a block, and its maximum rows, as in assembly/filter-gradient.ts. Fewer rows leave cache to many columns. */
const blockColumns = 512;
const blockRows = 256;
const blockRowsOfManyColumns = 128;

/** Maximum pixels of a float32 sum. The rounding error grows with their number. */
const maxTerms = 8192;
/** Number of chunks that occupies all threads. */
const minChunks = 16;
/** Minimum channels for which a tap has a block of its own, if some of its pixels lie outside the image. */
const minTapChannels = 64;

/** Returns the filter gradient of a convolution, `[height, width, inChannels, outChannels]`. */
export function filterGradient(
  scope: KernelScope,
  native: NativeModule,
  x: TensorInfo,
  dy: TensorInfo,
  geometry: ConvolutionGeometry,
): TensorInfo {
  const { batch, inChannels, outChannels, height, width } = geometry;
  const scheme = winogradScheme(geometry, 'filter');
  if (scheme) return winogradFilterGradient(scope, native, x, dy, geometry, scheme);
  const shape = [height.kernel, width.kernel, inChannels, outChannels];
  const window = height.kernel * width.kernel * inChannels;
  const image = outputImage(native, x, geometry);
  const byTap = inChannels >= minTapChannels && shareInside(image.height) * shareInside(image.width) < 1;
  const span = byTap ? inChannels : window;
  const maxRows = outChannels > blockColumns / 4 ? blockRowsOfManyColumns : blockRows;
  const rowsPerBlock = Math.ceil(span / Math.ceil(span / maxRows));
  const rowBlocks = (window / span) * Math.ceil(span / rowsPerBlock);
  const columnsPerBlock = 8 * Math.ceil(outChannels / Math.ceil(outChannels / blockColumns) / 8);
  const blocks = rowBlocks * Math.ceil(outChannels / columnsPerBlock);

  const pixelRows = batch * height.output;
  const requestedParts = Math.max((pixelRows * width.output) / maxTerms, minChunks / blocks);
  const partLimit = limitPartCount(requestedParts, window * outChannels);
  const rowsPerPart = Math.ceil(pixelRows / Math.min(pixelRows, partLimit));
  return sumOfParts(scope, native, Math.ceil(pixelRows / rowsPerPart), shape, (target, parts) => {
    native.run(filterGradientTask, parts * blocks, [
      ...windowedImageWords(image),
      ...[native.address(dy), outChannels],
      ...[target, rowsPerPart, rowsPerBlock, columnsPerBlock, byTap ? 1 : 0],
    ]);
  });
}
