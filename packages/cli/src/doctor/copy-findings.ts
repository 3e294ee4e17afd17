import type { ImageSource } from '@openset/data';
import { counted, decimal } from '../evaluation/texts.ts';
import { copiesAcrossPeople, copyText } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import { type Finding, type FindingItem, findings } from './findings.ts';
import { descriptorSize, nearCopyCosine } from './image-descriptor.ts';
import type { ImageScan } from './image-scan.ts';
import { visitNearRows } from './near-rows.ts';
import { Nearest } from './nearest.ts';

/** Finds images with equal content: under two people, and twice under one. */
export function findCopies({ hashes }: ImageScan, source: ImageSource): Finding[] {
  const shared = copiesAcrossPeople(hashes, source.labels);
  const sharedFirst = new Set(shared.map(([first]) => first));
  const repeated = hashes.groups().filter(([first]) => !sharedFirst.has(first));
  const items = (groups: readonly (readonly number[])[]): FindingItem[] =>
    groups.map((group) => ({ text: copyText(group, source), ...imagesOf(group, source) }));
  return [
    ...findings(
      'sharedImage',
      items(shared),
      (count) => `${counted(count, 'image')}: delete the wrong ones, or merge the people`,
    ),
    ...findings(
      'repeatedImage',
      items(repeated),
      (count) => `${counted(count, 'image')}: more copies than one add nothing`,
    ),
    ...findings(
      'similarPeople',
      findPeopleWithEqualImages(shared, source),
      (count) => `${counted(count, 'pair')} of people with equal images: is it one person?`,
    ),
  ];
}

/** Finds pairs of people that share at least two images, and at least half of the images of one of them. */
function findPeopleWithEqualImages(
  shared: readonly (readonly number[])[],
  { labels, classNames }: ImageSource,
): FindingItem[] {
  const counts = new Uint32Array(classNames.length);
  for (const label of labels) counts[label]! += 1;
  const common = new Map<string, number>();
  for (const group of shared) {
    const people = [...new Set(group.map((index) => labels[index]!))].sort((one, other) => one - other);
    for (const [position, first] of people.entries()) {
      for (const second of people.slice(position + 1)) {
        common.set(`${first} ${second}`, (common.get(`${first} ${second}`) ?? 0) + 1);
      }
    }
  }
  return [...common].flatMap(([key, number]) => {
    const [first, second] = key.split(' ').map(Number) as [number, number];
    const fewest = Math.min(counts[first]!, counts[second]!);
    if (number < 2 || number < fewest / 2) return [];
    const people = [classNames[first]!, classNames[second]!];
    return [{ text: `${people.map((name) => `'${name}'`).join(' and ')} share ${number} images`, people }];
  });
}

/**
 * Finds images that are nearly equal but not in content: compressed again, or scaled. Each image is listed with its nearest
 * copy under another person, or else under its own.
 */
export function findNearCopies(
  scan: ImageScan,
  source: ImageSource,
  onProgress: (done: number, total: number) => void,
): Finding[] {
  const { labels } = source;
  const rows = distinctRows(scan);
  const patterns = new Float32Array(rows.length * descriptorSize);
  rows.forEach((row, index) => {
    patterns.set(patternOf(scan, row), index * descriptorSize);
  });
  const acrossPeople = new Nearest();
  const withinPerson = new Nearest();
  visitNearRows(
    patterns,
    descriptorSize,
    nearCopyCosine,
    (first, second, cosine) => {
      const [image, other] = [rows[first]!, rows[second]!];
      (labels[image] === labels[other] ? withinPerson : acrossPeople).add(image, other, cosine);
    },
    onProgress,
  );
  const items = (nearest: Nearest): FindingItem[] =>
    nearest.toList().map(({ one, other, cosine }) => ({
      text: `${copyText([one, other], source, { sign: '≈' })}, cosine ${decimal(cosine, 3)}`,
      ...imagesOf([one, other], source),
      cosine,
    }));
  return [
    ...findings(
      'nearCopy',
      items(acrossPeople),
      (count) => `${counted(count, 'pair')} of images: look whether they show one person`,
    ),
    ...findings('repeatedNearCopy', items(withinPerson), (count) => `${counted(count, 'pair')} of images`),
  ];
}

/** Returns the images with a pattern, one for each content. */
function distinctRows(scan: ImageScan): number[] {
  const copies = new Set(scan.hashes.groups().flatMap((group) => group.slice(1)));
  return [...scan.images.keys()].filter(
    (row) => scan.images[row] && !copies.has(row) && patternOf(scan, row).some((value) => value !== 0),
  );
}

function patternOf({ patterns }: ImageScan, row: number): Float32Array {
  return patterns.subarray(row * descriptorSize, (row + 1) * descriptorSize);
}

/** Returns the paths and the people of a group of images. */
export function imagesOf(
  group: readonly number[],
  source: ImageSource,
): { readonly images: string[]; readonly people: string[] } {
  const { labels, classNames } = source;
  return {
    images: group.map((index) => imageName(source, index)),
    people: [...new Set(group.map((index) => classNames[labels[index]!]!))],
  };
}
