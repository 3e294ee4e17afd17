import type { ImageSource } from '@openset/data';
import { decodeImage } from '@openset/data/node';

/** What a set of images looks like. */
export interface ImageFacts {
  readonly imageCount: number;
  readonly personCount: number;
  /** Median of the shorter sides of some of them, in pixels. */
  readonly side: number;
  /** 1 if those are grey, else 3. */
  readonly channels: 1 | 3;
}

const looks = 16;

/**
 * Decodes some images of a set, to know their size and whether they have colours.
 * @throws DataError for an image that cannot be decoded
 */
export async function inspectImages(source: ImageSource): Promise<ImageFacts> {
  const count = Math.min(looks, source.size);
  const sides: number[] = [];
  let channels: 1 | 3 = 1;
  for (let look = 0; look < count; look++) {
    const { bytes, origin } = await source.get(Math.floor((look * source.size) / count));
    const { data, height, width } = await decodeImage(bytes, { fit: 'none', origin });
    sides.push(Math.min(height, width));
    if (!isGrey(data)) channels = 3;
  }
  sides.sort((first, second) => first - second);
  const side = sides[Math.floor(sides.length / 2)]!;
  return { imageCount: source.size, personCount: source.classNames.length, side, channels };
}

/** Whether red, green and blue are the same everywhere. */
function isGrey(data: ArrayLike<number>): boolean {
  for (let place = 0; place < data.length; place += 3) {
    if (data[place] !== data[place + 1] || data[place] !== data[place + 2]) return false;
  }
  return true;
}
