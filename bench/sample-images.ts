import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNumbers } from '@openset/core';
import sharp from 'sharp';

/** A folder of images to write. */
export interface SampleImages {
  readonly people: number;
  readonly imagesPerPerson: number;
  /** Side of the images in pixels; also the seed of their content. */
  readonly side: number;
}

/**
 * Writes JPEG files of gradients with some noise, about as large as photographs of faces, in one folder for each person.
 * @returns the paths
 */
export async function writeSampleImages(
  folder: string,
  { people, imagesPerPerson, side }: SampleImages,
): Promise<string[]> {
  const random = randomNumbers(side);
  const files: string[] = [];
  for (let person = 0; person < people; person++) {
    const own = join(folder, `person-${String(person).padStart(4, '0')}`);
    await mkdir(own);
    for (let image = 0; image < imagesPerPerson; image++) {
      const path = join(own, `${image}.jpg`);
      const pixels = gradientWithNoise(side, random);
      const raw = { width: side, height: side, channels: 3 } as const;
      await writeFile(path, await sharp(pixels, { raw }).jpeg({ quality: 90 }).toBuffer());
      files.push(path);
    }
  }
  return files;
}

function gradientWithNoise(side: number, random: () => number): Uint8Array {
  const [slope, period] = [random() * 2, 10 + random() * 50];
  return Uint8Array.from({ length: side * side * 3 }, (_, index) => {
    const [x, y] = [Math.floor(index / 3) % side, Math.floor(index / 3 / side)];
    const wave = 60 * Math.sin((x + slope * y) / period + (index % 3));
    return 128 + wave + 24 * (random() - 0.5);
  });
}
