import { basename, dirname } from 'node:path';
import { DataError } from '@openset/core';
import { type ImageSource, normalizeName } from '@openset/data';
import { counted } from '../evaluation/texts.ts';
import { contentHash } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import { openPairSet } from '../images/open-pair-set.ts';
import { type Finding, type FindingItem, findings } from './findings.ts';
import { describeDamage, type ImageScan } from './image-scan.ts';

/** Number of images of the pairs that are read at the same time. */
const concurrency = 8;

/**
 * Finds images and people of a list of pairs that are also in the set. An image is the same if its content is; a person, if
 * the folder of the image has the person's name. Each image of the pairs is read once.
 * @throws DataError if the list cannot be read
 */
export async function findPairsOverlap(
  pairs: { readonly path: string; readonly images?: string | undefined },
  scan: ImageScan,
  source: ImageSource,
  onProgress: (done: number, total: number) => void,
): Promise<Finding[]> {
  const { labels, classNames } = source;
  const { images, files } = await openPairSet(pairs.path, pairs.images);
  try {
    const rows = distinctRows(images.size, files);
    const found: FindingItem[] = [];
    const damaged: FindingItem[] = [];
    const people = new Set<string>();
    const names = new Set(classNames);
    await forEachOf(rows, onProgress, async (row) => {
      const path = files?.[row] ?? imageName(images, row);
      const person = files && normalizeName(basename(dirname(files[row]!)));
      if (person !== undefined && names.has(person)) people.add(person);
      try {
        const same = scan.hashes.find(contentHash((await images.get(row)).bytes));
        if (same === undefined) return;
        const [name, copy] = [classNames[labels[same]!]!, imageName(source, same)];
        found.push({ text: `'${path}' = '${copy}' (${name})`, images: [path, copy], people: [name] });
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        const { reason } = describeDamage(error, imageName(images, row));
        damaged.push({ text: `${path}: ${reason}`, images: [path], reason });
      }
    });
    return [
      ...findings(
        'pairsImage',
        byText(found),
        (count) =>
          `${counted(count, 'image')} of the pairs would also be trained on: delete them from the set`,
      ),
      ...findings(
        'damagedPairs',
        byText(damaged),
        (count) => `${counted(count, 'image')} of the pairs cannot be read`,
      ),
      ...findings(
        'pairsPerson',
        [...people].sort().map((name) => ({ text: name, people: [name] })),
        (count) =>
          `${counted(count, 'person', 'people')} of the pairs would also be trained on: accuracy on strangers is lower`,
      ),
    ];
  } finally {
    await images.close();
  }
}

/** Returns one row for each file; all rows of a set without files. */
function distinctRows(size: number, files: readonly string[] | undefined): number[] {
  const rows = Array.from({ length: size }, (_, row) => row);
  if (!files) return rows;
  return [...new Map(rows.map((row) => [files[row]!, row])).values()];
}

async function forEachOf(
  rows: readonly number[],
  onProgress: (done: number, total: number) => void,
  work: (row: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let done = 0;
  const run = async () => {
    while (next < rows.length) {
      await work(rows[next++]!);
      onProgress(++done, rows.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, run));
}

function byText(items: readonly FindingItem[]): FindingItem[] {
  return [...items].sort((one, other) => (one.text < other.text ? -1 : 1));
}
