import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const sampleCount = 6;

/**
 * Returns paths of photos of 1,920 pixels with three to five faces each, which ship with `@vladmandic/face-api`. With more than six, they
 * repeat.
 */
export function samplePhotos(count: number): string[] {
  const { resolve } = createRequire(import.meta.url);
  const demo = join(dirname(resolve('@vladmandic/face-api/package.json')), 'demo');
  return Array.from({ length: count }, (_, index) => join(demo, `sample${1 + (index % sampleCount)}.jpg`));
}
