import { checkNumber } from '@openset/core';
import { averageBlocks } from './average-blocks.ts';
import { checkImage, createImageLike, type PixelImage } from './pixel-image.ts';
import { resampleUpright } from './resample-upright.ts';
import { invertSimilarity, type Similarity, transformPoint } from './similarity.ts';

/**
 * Applies a similarity to an image: each output pixel interpolates bilinearly at its preimage.
 *
 * When the similarity shrinks the image by a factor `s > 1`, the image is first smoothed by a box of that width, which prevents
 * aliasing: averages of whole blocks of `floor(s)` pixels, then four samples for each output pixel that add the rest of the
 * box's variance, `(s² − floor(s)²) / 12`. The work grows with the region that is read, not with the whole image.
 *
 * @param transform maps points of `image` to points of the result
 * @param options size of the result; `border`: value of pixels outside `image`, default 0
 * @returns `[height, width, channels]`
 * @throws ShapeError if the length of the data does not match the size; ConfigError for options out of range
 */
export function warpImage(
  image: PixelImage,
  transform: Similarity,
  options: { readonly height: number; readonly width: number; readonly border?: number },
): PixelImage {
  const { height, width, border = 0 } = options;
  checkImage(image);
  checkNumber('warpImage: height', height, { minimum: 1, integer: true });
  checkNumber('warpImage: width', width, { minimum: 1, integer: true });
  checkNumber('warpImage: border', border, { minimum: 0, maximum: 255 });
  const output = createImageLike(image, { height, width });
  const inverse = invertSimilarity(transform);
  // Pixels of the image for each pixel of the result.
  const shrink = Math.hypot(inverse.a, inverse.b);
  const block = Math.floor(shrink + 1e-9);
  if (block < 2) {
    resample(image, inverse, shrink, border, output);
    return output;
  }
  const region = readRegion(image, inverse, output, block);
  if (region === null) {
    output.data.fill(border);
    return output;
  }
  const { left, top } = region;
  const blocks = averageBlocks(image, block, region);
  // The centre of block X lies at left + (X + ½) · block − ½.
  const toBlocks = (value: number, start: number) => (value + 0.5 - start) / block - 0.5;
  const inverseToBlocks = {
    a: inverse.a / block,
    b: inverse.b / block,
    x0: toBlocks(inverse.x0, left),
    y0: toBlocks(inverse.y0, top),
  };
  resample(blocks, inverseToBlocks, shrink / block, border, output);
  return output;
}

/** Returns the part of the image that the result shows, with a margin for interpolation; null if it shows none of it. */
function readRegion(image: PixelImage, inverse: Similarity, output: PixelImage, block: number) {
  const corners = [
    [-1, -1],
    [output.width, -1],
    [-1, output.height],
    [output.width, output.height],
  ].map(([x, y]) => transformPoint(inverse, [x!, y!]));
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const left = Math.max(0, Math.floor(Math.min(...xs)) - block);
  const top = Math.max(0, Math.floor(Math.min(...ys)) - block);
  const right = Math.min(image.width, Math.ceil(Math.max(...xs)) + block + 1);
  const bottom = Math.min(image.height, Math.ceil(Math.max(...ys)) + block + 1);
  if (!(left < right && top < bottom)) return null;
  return { left, top, width: right - left, height: bottom - top };
}

/** Fills `output` with bilinear samples of an image; four for each pixel when `shrink`, from 1 to 2, exceeds 1. */
function resample(
  image: PixelImage,
  inverse: Similarity,
  shrink: number,
  border: number,
  output: PixelImage,
): void {
  const { data, width, height, channels } = image;
  const { a, b, x0, y0 } = inverse;
  // Two samples at ±offset have the variance of a box of width sqrt(shrink² − 1).
  const offset = shrink > 1 + 1e-6 ? Math.sqrt((shrink * shrink - 1) / 12) : 0;
  if (b === 0 && a > 0) {
    resampleUpright(image, { scale: a, x0, y0, offset }, border, output);
    return;
  }
  const offsets = offset > 0 ? [-offset, offset] : [0];
  const share = 1 / (offsets.length * offsets.length);
  const sums = new Float64Array(channels);
  const { data: values } = output;
  const rowLength = width * channels;
  const valueAt = (x: number, y: number, channel: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? border : data[(y * width + x) * channels + channel]!;
  let target = 0;
  for (let row = 0; row < output.height; row++) {
    for (let column = 0; column < output.width; column++) {
      const centreX = a * column - b * row + x0;
      const centreY = b * column + a * row + y0;
      const isInside =
        centreX - offset >= 0 &&
        centreY - offset >= 0 &&
        centreX + offset < width - 1 &&
        centreY + offset < height - 1;
      const isFarInside = isInside && centreX + offset < width - 2 && centreY + offset < height - 2;
      if (channels === 3 && offset > 0 && isFarInside) {
        // The four samples share 3 × 3 pixels. Reads each once, with the sum of its weights along both axes.
        const left = Math.floor(centreX - offset);
        const top = Math.floor(centreY - offset);
        const right = centreX + offset - left;
        const down = centreY + offset - top;
        const u = centreX - offset - left;
        const v = centreY - offset - top;
        const first = 1 - u + (right < 1 ? 1 - right : 0);
        const second = u + (right < 1 ? right : 2 - right);
        const third = right < 1 ? 0 : right - 1;
        let weight = 1 - v + (down < 1 ? 1 - down : 0);
        let red = 0;
        let green = 0;
        let blue = 0;
        let source = top * rowLength + left * 3;
        for (let line = 0; line < 3; line++) {
          red += weight * (first * data[source]! + second * data[source + 3]! + third * data[source + 6]!);
          green +=
            weight * (first * data[source + 1]! + second * data[source + 4]! + third * data[source + 7]!);
          blue +=
            weight * (first * data[source + 2]! + second * data[source + 5]! + third * data[source + 8]!);
          weight = line === 0 ? v + (down < 1 ? down : 2 - down) : down < 1 ? 0 : down - 1;
          source += rowLength;
        }
        values[target++] = red * share + 0.5;
        values[target++] = green * share + 0.5;
        values[target++] = blue * share + 0.5;
        continue;
      }
      if (channels === 3 && offset === 0 && isInside) {
        // The same sums as below in local variables: most pixels take a fraction of the time.
        const left = Math.floor(centreX);
        const top = Math.floor(centreY);
        const u = centreX - left;
        const v = centreY - top;
        const upper = top * rowLength + left * 3;
        const lower = upper + rowLength;
        for (let channel = 0; channel < 3; channel++) {
          values[target++] =
            (data[upper + channel]! * (1 - u) + data[upper + channel + 3]! * u) * (1 - v) +
            (data[lower + channel]! * (1 - u) + data[lower + channel + 3]! * u) * v +
            0.5;
        }
        continue;
      }
      const isOutside =
        centreX + offset <= -1 ||
        centreY + offset <= -1 ||
        centreX - offset >= width ||
        centreY - offset >= height;
      if (isOutside) {
        for (let channel = 0; channel < channels; channel++) values[target++] = border + 0.5;
        continue;
      }
      sums.fill(0);
      for (const down of offsets) {
        for (const right of offsets) {
          const x = centreX + right;
          const y = centreY + down;
          const left = Math.floor(x);
          const top = Math.floor(y);
          const u = x - left;
          const v = y - top;
          if (left >= 0 && top >= 0 && left + 1 < width && top + 1 < height) {
            const index = top * rowLength + left * channels;
            for (let channel = 0; channel < channels; channel++) {
              const start = index + channel;
              const upper = data[start]! * (1 - u) + data[start + channels]! * u;
              const lower = data[start + rowLength]! * (1 - u) + data[start + rowLength + channels]! * u;
              sums[channel]! += upper * (1 - v) + lower * v;
            }
          } else {
            for (let channel = 0; channel < channels; channel++) {
              const upper = valueAt(left, top, channel) * (1 - u) + valueAt(left + 1, top, channel) * u;
              const lower =
                valueAt(left, top + 1, channel) * (1 - u) + valueAt(left + 1, top + 1, channel) * u;
              sums[channel]! += upper * (1 - v) + lower * v;
            }
          }
        }
      }
      for (let channel = 0; channel < channels; channel++) {
        values[target++] = sums[channel]! * share + 0.5;
      }
    }
  }
}
