import { hash } from 'node:crypto';
import type { ImageSource } from '@openset/data';
import { imageName } from './image-name.ts';

/** Returns the SHA-256 of a file's content in hexadecimal digits. Equal files have equal hashes, whatever their names. */
export function contentHash(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** Finds images of a set with equal content. Images may be added in any order. */
export class ContentHashes {
  /** The first added image with each hash. */
  readonly #first = new Map<string, number>();
  /** All images with each hash that more than one image has. */
  readonly #copies = new Map<string, number[]>();
  readonly #hashes: (string | undefined)[];

  /** @param size number of images in the set */
  constructor(size: number) {
    this.#hashes = new Array<string | undefined>(size).fill(undefined);
  }

  /** Number of images in the set. */
  get size(): number {
    return this.#hashes.length;
  }

  /** Returns the hash of an image; undefined if it was not added. */
  hashOf(index: number): string | undefined {
    return this.#hashes[index];
  }

  /** Hashes an image, unless it was added before. */
  add(index: number, bytes: Uint8Array): void {
    if (this.#hashes[index] !== undefined) return;
    const key = contentHash(bytes);
    this.#hashes[index] = key;
    const first = this.#first.get(key);
    const copies = this.#copies.get(key);
    if (first === undefined) this.#first.set(key, index);
    else if (copies) copies.push(index);
    else this.#copies.set(key, [first, index]);
  }

  /** Returns an image with a hash of `contentHash`; undefined if there is none. */
  find(key: string): number | undefined {
    return this.#first.get(key);
  }

  /** Returns the groups of two or more images with equal content, in the order of the set. */
  groups(): number[][] {
    return [...this.#copies.values()]
      .map((group) => group.toSorted((one, other) => one - other))
      .sort((one, other) => one[0]! - other[0]!);
  }
}

/** Returns a source that hashes each image when it is first read, and the hashes. Reads nothing itself. */
export function hashImages(source: ImageSource): {
  readonly source: ImageSource;
  readonly hashes: ContentHashes;
} {
  const hashes = new ContentHashes(source.size);
  const get = async (index: number) => {
    const record = await source.get(index);
    hashes.add(index, record.bytes);
    return record;
  };
  return { source: { ...source, get }, hashes };
}

/** Returns the groups of images with equal content under different labels: one image under two people. */
export function copiesAcrossPeople(hashes: ContentHashes, labels: ArrayLike<number>): number[][] {
  return hashes.groups().filter((group) => group.some((index) => labels[index] !== labels[group[0]!]));
}

/**
 * Describes copies: `'Ada/1.jpg' (Ada) = 'Bob/7.jpg' (Bob)`, or without names if all are of one person.
 * @param options `sign` between the images, and the number of images after which the others are counted
 */
export function copyText(
  group: readonly number[],
  source: Pick<ImageSource, 'labels' | 'classNames' | 'origin'>,
  { sign = '=', most = group.length }: { readonly sign?: '=' | '≈'; readonly most?: number } = {},
): string {
  const { labels, classNames } = source;
  const isOnePerson = group.every((index) => labels[index] === labels[group[0]!]);
  const named = group.slice(0, most).map((index) => {
    const name = `'${imageName(source, index)}'`;
    return isOnePerson ? name : `${name} (${classNames[labels[index]!]})`;
  });
  const others = group.length - named.length;
  return [...named, ...(others > 0 ? [`${others} more`] : [])].join(` ${sign} `);
}
