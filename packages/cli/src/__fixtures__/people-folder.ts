import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNumbers } from '@openset/core';
import sharp from 'sharp';

/** Options of `writePeople`. */
export interface PeopleFolder {
  readonly people: number;
  /** Number of images of each person. */
  readonly images: number;
  /** Height and width in pixels; default: 24. */
  readonly side?: number;
  /** Number of channels; default: 3. */
  readonly channels?: 1 | 3;
  /** Number of the first person; default: 0. Equal numbers give the same person. */
  readonly first?: number;
  /** Range of the noise, of 255 grey levels; the rest is the pattern of the person. Default: 55. */
  readonly noise?: number;
}

/**
 * Writes images of invented people. Each person is a coarse pattern; each image adds noise. Every person has a folder:
 * `person-3/image-1.png`.
 */
export async function writePeople(folder: string, options: PeopleFolder): Promise<void> {
  const { people, images, side = 24, channels = 3, first = 0, noise: range = 55 } = options;
  for (let person = first; person < first + people; person++) {
    const path = join(folder, `person-${person}`);
    await mkdir(path, { recursive: true });
    const pattern = randomValues(person, 16 * channels);
    for (let image = 0; image < images; image++) {
      const noise = randomValues(1000 + 100 * person + image, side * side * channels);
      const pixels = noise.map((value, index) => {
        const [pixel, channel] = [Math.floor(index / channels), index % channels];
        const [row, column] = [Math.floor(pixel / side), pixel % side];
        const cell = 4 * Math.floor((4 * row) / side) + Math.floor((4 * column) / side);
        return Math.round((255 - range) * pattern[cell * channels + channel]! + range * value);
      });
      await sharp(Uint8Array.from(pixels), { raw: { width: side, height: side, channels } })
        .png()
        .toFile(join(path, `image-${image}.png`));
    }
  }
}

function randomValues(seed: number, length: number): number[] {
  const random = randomNumbers(seed);
  return Array.from({ length }, random);
}
