import type { ImageSource } from '@openset/data';
import { count, counted, percent } from '../evaluation/texts.ts';
import { type Finding, findingIf, findings } from './findings.ts';
import { median } from './image-findings.ts';

/** Share of all images above which one person may dominate training. */
const largeShare = 0.1;

/** One person dominates only with this many times the images of the median person. */
const largeRatio = 5;

/** Facts about the people of a set. */
export interface PeopleFacts {
  readonly people: number;
  /** Number of images of a person; null if there are no people. */
  readonly imagesPerPerson: {
    readonly minimum: number;
    readonly median: number;
    readonly maximum: number;
  } | null;
}

/** Counts the images of each person that can be read. */
export function countImages({ labels, classNames }: ImageSource, isDamaged: (index: number) => boolean) {
  const counts = new Uint32Array(classNames.length);
  labels.forEach((label, index) => {
    if (label >= 0 && !isDamaged(index)) counts[label]! += 1;
  });
  return counts;
}

/** Returns facts about the people with images. */
export function summarizePeople(counts: Uint32Array): PeopleFacts {
  const sorted = counts.filter((images) => images > 0).sort();
  return {
    people: sorted.length,
    imagesPerPerson:
      sorted.length === 0 ? null : { minimum: sorted[0]!, median: median(sorted), maximum: sorted.at(-1)! },
  };
}

/** Finds people with too few or too many images, and names that may mean one person. */
export function findPeople(
  { classNames }: ImageSource,
  counts: Uint32Array,
  { people, imagesPerPerson }: PeopleFacts,
): Finding[] {
  const total = counts.reduce((sum, images) => sum + images, 0);
  const single = classNames.filter((_, label) => counts[label] === 1);
  const large = [...counts.keys()].filter(
    (label) =>
      people > 1 &&
      counts[label]! > largeShare * total &&
      counts[label]! >= largeRatio * imagesPerPerson!.median,
  );
  return [
    ...findingIf(
      people < 2,
      'fewPeople',
      `${counted(people, 'person', 'people')} with images: training needs two`,
    ),
    ...findingIf(
      people > 0 && imagesPerPerson!.maximum < 2,
      'noTwoImages',
      'nobody has two images: there are no pairs of the same person',
    ),
    ...findings(
      'similarName',
      similarNames(classNames).map((names) => ({
        text: names.map((name) => `'${name}'`).join(', '),
        people: names,
      })),
      (number) => `${counted(number, 'group')} of names that differ only in case, blanks or hyphens`,
    ),
    ...findings(
      'imbalance',
      large.map((label) => ({
        text: `${classNames[label]}: ${count(counts[label]!)} of ${counted(total, 'image')}, ${percent(counts[label]! / total)}`,
        people: [classNames[label]!],
      })),
      (number) =>
        `${counted(number, 'person has', 'people have')} more than a tenth of all images; the median person has ` +
        `${count(imagesPerPerson!.median)}`,
    ),
    ...findings(
      'oneImage',
      single.map((name) => ({ text: name, people: [name] })),
      (number) =>
        `${counted(number, 'person has', 'people have')} one image, which is in no pair of the same person`,
    ),
  ];
}

/** Returns the groups of names that are equal but for case, blanks, underscores, hyphens and the form of letters. */
export function similarNames(names: readonly string[]): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = name
      .normalize('NFKC')
      .toLowerCase()
      .replaceAll(/[\s_-]+/gu, ' ')
      .trim();
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
