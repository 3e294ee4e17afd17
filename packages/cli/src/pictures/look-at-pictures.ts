import type { ImageSource } from '@openset/data';
import { decodeImage } from '@openset/data/node';

/** What a set of pictures looks like. */
export interface PictureFacts {
  readonly pictures: number;
  readonly people: number;
  /** Median of the shorter sides of some of them, in pixels. */
  readonly side: number;
  /** 1 if those are grey, else 3. */
  readonly channels: 1 | 3;
}

const looks = 16;

/**
 * Decodes some pictures of a set, to know their size and whether they have colours.
 * @throws DataError for a picture that cannot be decoded
 */
export async function lookAtPictures(source: ImageSource): Promise<PictureFacts> {
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
  return { pictures: source.size, people: source.classNames.length, side, channels };
}

/** Whether red, green and blue are the same everywhere. */
function isGrey(data: ArrayLike<number>): boolean {
  for (let place = 0; place < data.length; place += 3) {
    if (data[place] !== data[place + 1] || data[place] !== data[place + 2]) return false;
  }
  return true;
}
