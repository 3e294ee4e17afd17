/** Seriousness of a finding: `'mend'` spoils training or its evaluation, `'warning'` may, `'note'` is good to know. */
export type FindingLevel = 'mend' | 'warning' | 'note';

/** What `openset doctor` can find, with its level and its title. The documentation has the same table. */
export const findingKinds = {
  damaged: { level: 'mend', title: 'damaged images' },
  fewPeople: { level: 'mend', title: 'too few people' },
  noTwoImages: { level: 'mend', title: 'no two images' },
  sharedImage: { level: 'mend', title: 'same image, two people' },
  pairsImage: { level: 'mend', title: 'image of the pairs' },
  damagedPairs: { level: 'mend', title: 'damaged pairs' },
  pairsPerson: { level: 'warning', title: 'person of the pairs' },
  nearCopy: { level: 'warning', title: 'near copy, two people' },
  similarImage: { level: 'warning', title: 'alike, two people' },
  similarName: { level: 'warning', title: 'one person, two names' },
  similarPeople: { level: 'warning', title: 'similar people' },
  unlikePerson: { level: 'warning', title: 'unlike its person' },
  imbalance: { level: 'warning', title: 'imbalance' },
  oneImage: { level: 'note', title: 'one image' },
  repeatedImage: { level: 'note', title: 'same image, one person' },
  repeatedNearCopy: { level: 'note', title: 'near copy, one person' },
  smallImage: { level: 'note', title: 'small images' },
  narrowImage: { level: 'note', title: 'narrow images' },
  mixedColour: { level: 'note', title: 'colour and grey' },
  turnedImage: { level: 'note', title: 'turned images' },
  otherEnding: { level: 'note', title: 'other file ending' },
  leftOut: { level: 'note', title: 'left out' },
} as const satisfies Record<string, { readonly level: FindingLevel; readonly title: string }>;

/** Kind of a finding; a key of `--json`. */
export type FindingKind = keyof typeof findingKinds;

/** One place where something was found. */
export interface FindingItem {
  /** Description for people. */
  readonly text: string;
  /** Paths of the images, or names of their records. */
  readonly images?: readonly string[];
  /** Names of the people. */
  readonly people?: readonly string[];
  /** Cosine of two images or people. */
  readonly cosine?: number;
  /** Why an image is damaged. */
  readonly reason?: string;
}

/** Something that was found, with all places. */
export interface Finding {
  readonly kind: FindingKind;
  readonly level: FindingLevel;
  readonly title: string;
  /** How many, and what to do. */
  readonly summary: string;
  readonly items: readonly FindingItem[];
}

/** Returns a finding of a kind, or none if there are no items. */
export function findings(
  kind: FindingKind,
  items: readonly FindingItem[],
  summarize: (count: number) => string,
): Finding[] {
  if (items.length === 0) return [];
  return [{ kind, ...findingKinds[kind], summary: summarize(items.length), items }];
}

/** Returns a finding that concerns the whole set, or none. */
export function findingIf(isFound: boolean, kind: FindingKind, summary: string): Finding[] {
  return isFound ? [{ kind, ...findingKinds[kind], summary, items: [] }] : [];
}
