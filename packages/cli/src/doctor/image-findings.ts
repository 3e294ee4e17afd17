import { extname } from 'node:path';
import type { ImageFormat, ImageSource } from '@openset/data';
import { describeLeftOut, type ImageFolderSource } from '@openset/data/node';
import { count, counted } from '../evaluation/texts.ts';
import { type Finding, type FindingItem, findingIf, findings } from './findings.ts';
import type { ExaminedImage, ImageScan } from './image-scan.ts';

/** Shorter side in pixels below which an image is small. */
const smallSide = 32;

/** Ratio of the sides above which an image is narrow: scaling to a square crops a third of it or more. */
const narrowRatio = 1.5;

/** File endings of each format. */
const endings: Readonly<Record<ImageFormat, readonly string[]>> = {
  jpeg: ['.jpg', '.jpeg', '.jfif'],
  png: ['.png'],
  webp: ['.webp'],
  bmp: ['.bmp'],
  gif: ['.gif'],
  tiff: ['.tif', '.tiff'],
  avif: ['.avif'],
  heic: ['.heic', '.heif'],
};

/** Facts about the images of a set. */
export interface ImageSetFacts {
  /** Shorter sides in pixels; null if no image is sound. */
  readonly side: { readonly minimum: number; readonly median: number; readonly maximum: number } | null;
  /** Number of images of each format, by content. */
  readonly formats: Readonly<Record<string, number>>;
  readonly grey: number;
  readonly colour: number;
  /** Number of images with each EXIF orientation other than 1. */
  readonly orientations: Readonly<Record<string, number>>;
}

/** Returns facts about the sound images. */
export function summarizeImages({ images }: ImageScan): ImageSetFacts {
  const sound = soundImages(images);
  const sides = Uint32Array.from(sound, shorterSide).sort();
  const grey = sound.filter(({ isGrey }) => isGrey).length;
  const turned = sound.filter(({ orientation }) => orientation !== 1);
  return {
    side: sides.length === 0 ? null : { minimum: sides[0]!, median: median(sides), maximum: sides.at(-1)! },
    formats: countBy(sound, ({ format }) => format ?? 'unknown'),
    grey,
    colour: sound.length - grey,
    orientations: countBy(turned, ({ orientation }) => String(orientation)),
  };
}

/** Finds damaged images. */
export function findDamaged({ damaged, source }: ImageScan): Finding[] {
  const items = [...damaged.entries()]
    .sort(([one], [other]) => one - other)
    .map(([, { path, reason }]) => ({ text: `${path}: ${reason}`, images: [path], reason }));
  return findings(
    'damaged',
    items,
    (number) => `${count(number)} of ${counted(source.size, 'image')}: delete or replace them`,
  );
}

/** Finds images that training can use, but that may not be what you want: small, narrow, turned, or with a wrong ending. */
export function findUnusual({ images }: ImageScan, facts: ImageSetFacts): Finding[] {
  const sound = soundImages(images);
  const list = (found: readonly ExaminedImage[], describe: (image: ExaminedImage) => string): FindingItem[] =>
    found.map((image) => ({ text: `${image.path}: ${describe(image)}`, images: [image.path] }));
  const size = ({ height, width }: ExaminedImage) => `${width} × ${height} pixels`;
  const small = sound.filter((image) => shorterSide(image) < smallSide);
  const narrow = sound.filter(
    (image) => Math.max(image.height, image.width) > narrowRatio * shorterSide(image),
  );
  const turned = sound.filter(({ orientation }) => orientation !== 1);
  const other = sound.filter(({ format, path }) => hasOtherEnding(format, path));
  return [
    ...findings(
      'smallImage',
      list(small, size),
      (number) => `${counted(number, 'image')} below ${smallSide} pixels`,
    ),
    ...findings(
      'narrowImage',
      list(narrow, size),
      (number) =>
        `${counted(number, 'image')} more than ${narrowRatio} times as long as wide; scaling crops their ends`,
    ),
    ...findingIf(
      facts.grey > 0 && facts.colour > 0,
      'mixedColour',
      `${count(facts.grey)} grey, ${count(facts.colour)} in colour`,
    ),
    ...findings(
      'turnedImage',
      list(turned, ({ orientation }) => `EXIF orientation ${orientation}`),
      (number) => `${counted(number, 'image')} with an EXIF orientation: ${countsText(facts.orientations)}`,
    ),
    ...findings(
      'otherEnding',
      list(other, ({ format }) => `contains ${format}`),
      (number) => `${counted(number, 'image')} whose ending names another format`,
    ),
  ];
}

/** Finds files of a folder that are not read. */
export function findLeftOut(source: ImageSource): Finding[] {
  const { leftOut } = source as Partial<ImageFolderSource>;
  const text = leftOut && describeLeftOut(leftOut);
  return text ? findingIf(true, 'leftOut', text) : [];
}

/** Describes counts by name: `4 jpeg, 2 png`. */
export function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, number]) => `${count(number)} ${name}`)
    .join(', ');
}

/** Returns the median of sorted numbers. */
export function median(sorted: ArrayLike<number>): number {
  return sorted[Math.floor(sorted.length / 2)]!;
}

function soundImages(images: ImageScan['images']): ExaminedImage[] {
  return images.filter((image) => image !== undefined);
}

function shorterSide({ height, width }: ExaminedImage): number {
  return Math.min(height, width);
}

/** Records of record files have no ending, and unknown endings name no format. */
function hasOtherEnding(format: ImageFormat | null, path: string): boolean {
  const ending = extname(path).toLowerCase();
  if (format === null || endings[format].includes(ending)) return false;
  return Object.values(endings).some((known) => known.includes(ending));
}

/** Returns the number of items with each key, the most frequent first. */
function countBy<Item>(items: readonly Item[], key: (item: Item) => string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([, one], [, other]) => other - one));
}
