import type { ImageSource } from '@openset/data';
import { counted } from '../evaluation/texts.ts';
import type { Output } from '../output.ts';
import { type ContentHashes, copiesAcrossPeople, copyText } from './content-hashes.ts';

/** Number of images that a warning names, and of the copies of each. */
const namedImages = 3;

/**
 * Warns in one line about images of a set that are under two people, by content.
 * @param hashes of the images that were read
 * @param path of the set
 */
export function noteCopies(
  hashes: ContentHashes,
  source: Pick<ImageSource, 'labels' | 'classNames' | 'origin'>,
  path: string,
  output: Output,
): void {
  const copies = copiesAcrossPeople(hashes, source.labels);
  if (copies.length === 0) return;
  const named = copies.slice(0, namedImages).map((group) => copyText(group, source, { most: namedImages }));
  const isShort = copies.length > namedImages || copies.some((group) => group.length > namedImages);
  const rest = isShort ? `, … All: openset doctor '${path}'` : '';
  output.note(
    `warning: ${counted(copies.length, 'image is', 'images are')} under two people: ${named.join(', ')}${rest}`,
  );
}
