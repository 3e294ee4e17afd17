import { describe, expect, it } from 'vitest';
import { convolutionGeometry } from './convolution-geometry.ts';
import { winogradScheme } from './winograd-schemes.ts';

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
    expect(pays(32, 3, 512, 512)).toEqual([false, false, false]);
    expect(pays(4, 2, 512, 512)).toEqual([false, false, false]);
    expect(pays(1, 7, 512, 512)).toEqual([false, false, false]);
  });

  it('returns one for strided layers whose tiles are mostly full', () => {
    expect(pays(16, 56, 128, 128, { strides: 2 })).toEqual([true, true, true]);
    expect(pays(32, 16, 128, 128, { strides: 2 })).toEqual([true, true, true]);
    expect(pays(16, 14, 512, 512, { strides: 2 })).toEqual([false, false, false]);
  });

  it('returns none for unsupported geometries', () => {
    expect(pays(16, 56, 64, 64, { strides: 3 })).toEqual([false, false, false]);
    expect(pays(16, 56, 64, 64, { strides: [1, 2] })).toEqual([false, false, false]);
    expect(pays(16, 14, 64, 64, { taps: 5 })).toEqual([false, false, false]);
    expect(pays(16, 14, 3, 64)).toEqual([false, false, false]);
    expect(pays(16, 14, 64, 66)).toEqual([false, false, false]);
  });
});
