import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNumbers } from '@openset/core';
import sharp from 'sharp';

/** How many images of how many people. */
export interface PeopleFolder {
  readonly people: number;
  readonly images: number;
  /** Default 24. */
  readonly side?: number;
  /** Default 3. */
  readonly channels?: 1 | 3;
  /** Of the first person; default 0. The same number is the same person. */
  readonly first?: number;
}

/**
 * Writes images of people who do not exist: each has a coarse pattern of their own, under noise. One folder for each
 * person, `person-3/image-1.png`.
 */
export async function writePeople(folder: string, options: PeopleFolder): Promise<void> {
  const { people, images, side = 24, channels = 3, first = 0 } = options;
  for (let person = first; person < first + people; person++) {
    const path = join(folder, `person-${person}`);
    await mkdir(path, { recursive: true });
    const pattern = valuesOf(person, 16 * channels);
    for (let image = 0; image < images; image++) {
      const noise = valuesOf(1000 + 100 * person + image, side * side * channels);
      const pixels = noise.map((value, place) => {
        const [pixel, channel] = [Math.floor(place / channels), place % channels];
        const [row, column] = [Math.floor(pixel / side), pixel % side];
        const cell = 4 * Math.floor((4 * row) / side) + Math.floor((4 * column) / side);
        return Math.round(200 * pattern[cell * channels + channel]! + 55 * value);
      });
      await sharp(Uint8Array.from(pixels), { raw: { width: side, height: side, channels } })
        .png()
        .toFile(join(path, `image-${image}.png`));
    }
  }
}

function valuesOf(seed: number, length: number): number[] {
  const random = randomNumbers(seed);
  return Array.from({ length }, random);
}
