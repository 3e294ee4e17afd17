import type { PixelImage } from './pixel-image.ts';

/** Converts cyan, magenta, yellow and black, without a colour profile, to red, green and blue. */
export function cmykToRgb({ data, height, width, channels }: PixelImage): PixelImage {
  const output = new Uint8Array(height * width * 3);
  for (let source = 0, target = 0; target < output.length; source += channels) {
    const light = 255 - data[source + 3]!;
    for (let ink = 0; ink < 3; ink++)
      output[target++] = Math.floor(((255 - data[source + ink]!) * light) / 255);
  }
  return { data: output, height, width, channels: 3 };
}
