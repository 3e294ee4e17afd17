import { DataError } from '@openset/core';
import type { BadRecord } from '@openset/data';
import { count, counted, percent } from '../evaluation/texts.ts';
import type { Output } from '../output.ts';
import type { ImageReading } from './image-reading.ts';

/** An image that cannot be read or decoded. */
export interface BadImage {
  /** Path of the image, or name of its record in a record file. */
  readonly path: string;
  readonly reason: string;
  /** Option of decoders that may help, such as `maxPixels`. */
  readonly option?: string | undefined;
}

/** A record that cannot be read, as loaders report it. */
export type FailedRecord = Pick<BadRecord, 'origin' | 'reason' | 'advice'>;

/** Number of bad images that a message names. */
const namedImages = 20;

/** Images of a set cannot be read. The message has several lines. */
export class BadImagesError extends DataError {}

/** Returns the bad images of records, each path once. */
export function toBadImages(records: readonly FailedRecord[]): BadImage[] {
  const images = new Map<string, BadImage>();
  for (const { origin, reason, advice } of records) {
    images.set(origin, { path: origin, reason: withoutOrigin(reason, origin), option: advice?.option });
  }
  return [...images.values()];
}

/** Removes the origin from a reason. The decoder's begin with it; those of the file system, with the absolute path. */
export function withoutOrigin(reason: string, origin: string): string {
  const start = `${origin}: `;
  const at = reason.indexOf(start);
  const isStart = at === 0 || (at > 0 && /[/\\]/.test(reason[at - 1]!));
  return isStart ? reason.slice(at + start.length) : reason;
}

/** Names the first bad images, one a line, and counts the others. */
export function listBadImages(images: readonly BadImage[]): string {
  const lines = images.slice(0, namedImages).map(({ path, reason }) => `  ${path}: ${reason}`);
  const others = images.length - namedImages;
  return [...lines, ...(others > 0 ? [`  and ${counted(others, 'other')}`] : [])].join('\n');
}

/** Skipped images in the result of a command. */
export interface SkippedImages {
  /** Number of images that were skipped because they cannot be read. */
  readonly skipped: number;
  readonly skippedPictures: readonly BadImage[];
}

/**
 * Returns skipped images for the result of a command, and notes them.
 * @param set name of their set, if the command reads several
 */
export function reportSkipped(images: readonly BadImage[], output: Output, set?: string): SkippedImages {
  if (images.length > 0) {
    const of = set === undefined ? '' : ` of ${set}`;
    output.note(
      `skipped ${counted(images.length, 'image')}${of} that ${cannotText(images)}:\n${listBadImages(images)}`,
    );
  }
  const skippedPictures = images.map(({ path, reason }) => ({ path, reason }));
  return { skipped: images.length, skippedPictures };
}

/**
 * Applies the policy to the bad images of a set that was read to its end.
 * @param records bad records of the set
 * @param size number of images in the set
 * @returns the images to skip
 * @throws BadImagesError with the policy `'stop'`, for more bad images than `maxBad`, and if all are bad
 */
export function skipBadImages(
  records: readonly FailedRecord[],
  size: number,
  reading: ImageReading,
): BadImage[] {
  const images = toBadImages(records);
  if (images.length === 0) return images;
  const { onBadImage, maxBad = 1 } = reading;
  const cannot = cannotText(images);
  const named = `${cannot}:\n${listBadImages(images)}`;
  const found = counted(images.length, 'image');
  if (onBadImage !== 'skip') throw new BadImagesError(`${found} ${named}${adviceText(images, reading)}`);
  if (records.length === size) throw new BadImagesError(`No image is left: ${found} ${named}`);
  const share = records.length / size;
  if (share <= maxBad) return images;
  throw new BadImagesError(
    `${found} of ${count(size)} (${percent(share)}) ${cannot}, more than --max-bad ${percent(maxBad)} allows:\n` +
      listBadImages(images),
  );
}

/** Images without a face, or with a small one, can be read. */
function cannotText(images: readonly BadImage[]): string {
  return images.some(({ option }) => option === 'align' || option === 'faceSize')
    ? 'cannot be used'
    : 'cannot be read';
}

/** Returns lines on what to do, with options that the command has. */
function adviceText(images: readonly BadImage[], { onBadImage }: ImageReading): string {
  const them = images.length === 1 ? 'it' : 'them';
  const options = new Set(images.map(({ option }) => option));
  const lines = [
    onBadImage === undefined ? '' : `Mend or delete ${them}, or skip ${them} with --on-bad-image skip.`,
    options.has('maxPixels') ? 'Raise --max-pixels if the large files are genuine.' : '',
    options.has('align') ? '--no-align takes images as they are, if they are crops of faces already.' : '',
    options.has('failOn') ? '--fail-on none accepts damaged files that can still be decoded.' : '',
  ].filter((line) => line !== '');
  return lines.map((line) => `\n${line}`).join('');
}
