import { expect, it } from 'vitest';
import { gradient, largestDifference } from './__fixtures__/sample-images.ts';
import { createImageLike, type PixelImage } from './pixel-image.ts';
import { resampleUpright } from './resample-upright.ts';
import { warpImage } from './warp-image.ts';

/** Interpolates bilinearly; pixels outside are the border. */
function sampleAt({ data, height, width, channels }: PixelImage, x: number, y: number, border: number) {
  const at = (column: number, row: number) =>
    column < 0 || row < 0 || column >= width || row >= height
      ? border
      : data[(row * width + column) * channels]!;
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [x - left, y - top];
  const upper = at(left, top) * (1 - u) + at(left + 1, top) * u;
  return upper * (1 - v) + (at(left, top + 1) * (1 - u) + at(left + 1, top + 1) * u) * v;
}

const noise: PixelImage = {
  data: Uint8Array.from({ length: 35 }, (_, index) => (index * 97) % 256),
  height: 5,
  width: 7,
  channels: 1,
};

it.each([
  { scale: 1.7, x0: -3.2, y0: 0.4, offset: 0.4 },
  { scale: 1, x0: -1.5, y0: -1.5, offset: 0 },
  { scale: 0.3, x0: 1.1, y0: -0.9, offset: 0 },
  { scale: 1.99, x0: -9, y0: 2, offset: 0.499 },
  { scale: 5, x0: -40, y0: -40, offset: 0.2 },
])('averages four bilinear samples, also outside the image: %o', (sampling) => {
  const output = createImageLike(noise, { height: 9, width: 12 });
  resampleUpright(noise, sampling, 200, output);
  const { scale, x0, y0, offset } = sampling;
  for (let row = 0; row < 9; row++) {
    for (let column = 0; column < 12; column++) {
      const [x, y] = [scale * column + x0, scale * row + y0];
      const samples = [-1, 1].flatMap((right) =>
        [-1, 1].map((down) => sampleAt(noise, x + right * offset, y + down * offset, 200)),
      );
      const mean = samples.reduce((sum, value) => sum + value, 0) / 4;
      // Rounding to integers.
      expect(Math.abs(output.data[row * 12 + column]! - mean)).toBeLessThan(0.5 + 1e-6);
    }
  }
});

it('computes the same as for an image that is turned by almost nothing', () => {
  const colour = gradient(60, 60, 3);
  for (const a of [0.6, 0.83, 1, 2.4]) {
    const size = { height: 50, width: 40, border: 30 };
    const upright = warpImage(colour, { a, b: 0, x0: 3.3, y0: -2.1 }, size);
    const turned = warpImage(colour, { a, b: 1e-9, x0: 3.3, y0: -2.1 }, size);
    expect(largestDifference(upright.data, turned.data)).toBeLessThanOrEqual(1);
  }
});
