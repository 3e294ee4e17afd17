import type { PixelImage } from '@openset/data';

/** Encodes an image `[height, width, 1 or 3]` as PNG. */
export async function encodePng({ data, height, width, channels }: PixelImage): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const raw = { height, width, channels: channels as 1 | 3 };
  return sharp(data, { raw }).png().toBuffer();
}
