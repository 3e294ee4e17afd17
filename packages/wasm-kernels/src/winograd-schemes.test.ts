import { describe, expect, it } from 'vitest';
import { convolutionGeometry } from './convolution-geometry.ts';
import { forwardScheme, productsOf, tilesOf, winogradScheme } from './winograd-schemes.ts';

function pays(batch: number, size: number, inChannels: number, outChannels: number, options: object = {}) {
  const { taps = 3, ...others } = options as { taps?: number };
  const attributes = { strides: 1, pad: 'same', ...others } as const;
  const filterShape = [taps, taps, inChannels, outChannels];
  const geometry = convolutionGeometry(
    'Conv2D',
    [batch, size, size, inChannels],
    filterShape,
    attributes,
    false,
  );
  return (['output', 'input', 'filter'] as const).map((of) => winogradScheme(geometry, of) !== null);
}

describe('winogradScheme', () => {
  it.each([
    [32, 16, 64],
    [32, 8, 128],
    [32, 4, 256],
    [16, 112, 64],
    [16, 14, 256],
    [16, 7, 512],
    [32, 2, 512],
  ])('for layers of a ResNet: %i images of %i² pixels, %i channels', (batch, size, channels) => {
    expect(pays(batch, size, channels, channels)).toEqual([true, true, true]);
  });

  it('returns none if most taps lie outside the image, or the filter is larger than the image', () => {
    expect(pays(8, 3, 512, 512)).toEqual([false, false, false]);
    expect(pays(4, 2, 512, 512)).toEqual([false, false, false]);
    expect(pays(1, 7, 512, 512)).toEqual([false, false, false]);
  });

  it('returns one for strided layers whose tiles are mostly full', () => {
    expect(pays(16, 56, 128, 128, { strides: 2 })).toEqual([true, true, true]);
    expect(pays(32, 16, 128, 128, { strides: 2 })).toEqual([true, true, true]);
    // Outputs of 7 × 7 pixels have short tiles: 16² products. Those of 5 × 5 have 14² in place of 225.
    expect(pays(16, 14, 512, 512, { strides: 2 })).toEqual([true, true, true]);
    expect(pays(16, 10, 512, 512, { strides: 2 })).toEqual([false, false, false]);
  });

  it('returns none for unsupported geometries', () => {
    expect(pays(16, 56, 64, 64, { strides: 3 })).toEqual([false, false, false]);
    expect(pays(16, 56, 64, 64, { strides: [1, 2] })).toEqual([false, false, false]);
    expect(pays(16, 14, 64, 64, { taps: 5 })).toEqual([false, false, false]);
    expect(pays(16, 14, 3, 64)).toEqual([false, false, false]);
    expect(pays(16, 14, 64, 66)).toEqual([false, false, false]);
  });
});

describe('tilesOf and productsOf', () => {
  const square = (size: number, stride: 1 | 2) => {
    const pad = [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ];
    const attributes = { strides: stride, pad, dimRoundingMode: 'floor' } as const;
    return convolutionGeometry('Conv2D', [1, size, size, 4], [3, 3, 4, 4], attributes as never, false);
  };

  it.each([
    [1, 8, 2, 2, 12],
    [1, 7, 2, 1, 11],
    [1, 14, 4, 2, 22],
    [1, 9, 3, 0, 15],
    [1, 2, 1, 0, 5],
    [2, 16, 2, 2, 18],
    [2, 14, 2, 1, 16],
    [2, 28, 4, 2, 32],
  ] as const)(
    'stride %i, %i pixels: %i tiles, %i full, %i products along an axis',
    (stride, size, ...expected) => {
      const [tiles, full, products] = expected;
      const scheme = forwardScheme(stride);
      const geometry = square(size, stride);
      expect(tilesOf(geometry, scheme, 'output')).toEqual({ tiles: [tiles, tiles], fullTiles: [full, full] });
      expect(productsOf(geometry, scheme, 'output')).toBe(products! ** 2);
    },
  );
});
