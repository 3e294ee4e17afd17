import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import type { FileExists, Reading } from './choose-reading.ts';
import { hasUnnamedIndex, isLfwHeader } from './column-words.ts';
import { imageExtensions } from './image-extensions.ts';
import { takeOutHeader } from './list-columns.ts';
import type { Pair, PairList } from './pair-list.ts';
import { type PairFormat, type PairReadingOptions, readPairLines } from './pair-reading.ts';
import type { Row } from './separated-fields.ts';

/** Options of `readLfwPairs`. */
export interface LfwPairsOptions extends PairReadingOptions {
  /** File extension of the images; default: by `fileExists` that of each image, otherwise `.jpg`. */
  readonly extension?: string;
}

/**
 * Reads pairs in the format of Labeled Faces in the Wild.
 *
 * A pair of the same person is `name⇥n1⇥n2`, a pair of two people is `name1⇥n1⇥name2⇥n2`. Image 7 of `Jane_Doe` is the
 * file `Jane_Doe/Jane_Doe_0007.jpg`. Fields are separated by tabs, commas, semicolons or spaces; names with spaces are read
 * between any of these, unless a number in a name leaves open where it ends. The first line can be
 *
 * - `folds⇥pairs` (View 2: 10 and 300) or `pairs` (View 1, one fold): each fold must then have this many pairs of the same
 *   person, followed by as many pairs of two people;
 * - a header of words such as `name,imagenum1,imagenum2`;
 * - a pair. Then, as below a header of words, a new fold begins where a pair of the same person follows a pair of two people.
 *
 * No row is lost: `report` of the result lists all lines that are no pairs.
 *
 * Reference: http://vis-www.cs.umass.edu/lfw/README.txt, 3c.
 * @throws DataError for a malformed line, or if the pairs do not match the first line
 */
export async function readLfwPairs(file: ByteFile, options: LfwPairsOptions = {}): Promise<PairList> {
  return readPairLines(file, [lfwFormat(options)], options.separator);
}

/** Returns LFW's form of lists of pairs. */
export function lfwFormat({ extension, fileExists }: LfwPairsOptions): PairFormat {
  const files = new ImageFinder(extension, fileExists);
  return {
    async readings({ separator, by, isLikely, rows }) {
      const first = rows[0] as Row;
      const isWithIndex = hasUnnamedIndex(first.fields);
      const names = isWithIndex ? first.fields.slice(1) : first.fields;
      const count = readCount(first);
      const isHeader = typeof parseRow(names, separator) === 'string' && isLfwHeader(names);
      const body =
        count || isHeader ? takeOutHeader(rows, count ? 'count' : 'header') : { skipped: [], rows };
      const reading: Reading<Pair> = {
        description: `'name number number' or 'name number name number' as in LFW, separated by ${by}`,
        separator,
        isLikely,
        neededFiles: isLikely || separator !== ' ' ? 'none' : 'all',
        ...body,
        parse: ({ fields }) => parseRow(isWithIndex ? fields.slice(1) : fields, separator),
        finish: (pairs) => files.complete(withFolds(pairs, body.rows, first, count)),
        hasFiles: (pair) => (fileExists ? files.exist(pair) : null),
      };
      return [reading];
    },
  };
}

/** The first line of LFW's lists. */
interface Count {
  readonly folds: number;
  /** Number of pairs of the same person, and of two people, in each fold. */
  readonly perKind: number;
}

/** Reads the first line, which can have another separator than the others. */
function readCount({ text }: Row): Count | null {
  const fields = text.split(/[\s,;]+/).filter((field) => field !== '');
  if (fields.length > 2 || !fields.every(isWholeNumber)) return null;
  const numbers = fields.map(Number);
  return { folds: numbers.length === 2 ? (numbers[0] as number) : 1, perKind: numbers.at(-1) as number };
}

const form = "'name n1 n2' or 'name1 n1 name2 n2' with whole numbers";

/** Returns the pair of a row, with paths that have no file extension yet, or what is wrong with the row. */
function parseRow(fields: readonly string[], separator: string): Pair | string {
  const parts = separator === ' ' ? joinNames(fields) : fields;
  if (typeof parts === 'string') return parts;
  const [name = '', number = '', other = ''] = parts;
  const isSame = parts.length === 3;
  const last = parts.at(-1) ?? '';
  if (
    (!isSame && parts.length !== 4) ||
    name === '' ||
    other === '' ||
    !isWholeNumber(number) ||
    !isWholeNumber(last)
  ) {
    return `expected ${form}`;
  }
  return { first: imagePath(name, number), second: imagePath(isSame ? name : other, last), isSame };
}

/** Joins the names in a row that is separated by spaces. Names with spaces are found by the numbers that follow them. */
function joinNames(fields: readonly string[]): readonly string[] | string {
  const last = fields.at(-1) as string;
  const end = fields.length - 1;
  if (end < 2 || !isWholeNumber(last)) return fields;
  const join = (start: number, stop: number) => fields.slice(start, stop).join(' ');
  const ways: string[][] = [];
  for (let at = 1; at < end; at++) {
    const number = fields[at] as string;
    if (!isWholeNumber(number)) continue;
    if (at === end - 1) ways.push([join(0, at), number, last]);
    else ways.push([join(0, at), number, join(at + 1, end), last]);
  }
  if (ways.length <= 1) return ways[0] ?? fields;
  // Four numbers are two people who have numbers for names.
  if (fields.length === 4 && fields.every(isWholeNumber)) return fields;
  const plain = ways.filter(
    (parts) =>
      !parts.some(
        (part, index) => index % 2 === 0 && index < parts.length - 1 && /(?:^|\s)\d+(?:\s|$)/.test(part),
      ),
  );
  if (plain.length === 1) return plain[0] as string[];
  return 'numbers leave open where a name ends; separate the fields by tabs';
}

function imagePath(name: string, number: string): string {
  return `${name}/${name}_${String(Number(number)).padStart(4, '0')}`;
}

/** pandas writes whole numbers as 3.0 if a column has gaps. */
function isWholeNumber(field: string): boolean {
  return /^\d{1,9}(?:\.0*)?$/.test(field);
}

/**
 * Returns the pairs with their folds.
 * @throws DataError if the pairs do not match the first line
 */
function withFolds(pairs: readonly Pair[], rows: readonly Row[], first: Row, count: Count | null): Pair[] {
  if (count) checkCount(pairs, rows, first, count);
  let fold = 0;
  return pairs.map((pair, index) => {
    if (count) fold = Math.floor(index / (2 * count.perKind));
    else if (pair.isSame && pairs[index - 1]?.isSame === false) fold += 1;
    return { ...pair, fold };
  });
}

function checkCount(
  pairs: readonly Pair[],
  rows: readonly Row[],
  first: Row,
  { folds, perKind }: Count,
): void {
  const announced = folds * 2 * perKind;
  const wrong = pairs.findIndex(({ isSame }, index) => isSame !== index % (2 * perKind) < perKind);
  if (announced === 0) throw new DataError(`${first.location}: announces no pairs, found '${first.text}'.`);
  if (wrong >= 0) {
    const [expected, found] = pairs[wrong]?.isSame
      ? ['two people', 'one person']
      : ['one person', 'two people'];
    throw new DataError(
      `${rows[wrong]?.location}: the first line announces ${perKind} pairs of each kind in a fold, so pair ${wrong} must show ` +
        `${expected}, but shows ${found}.`,
    );
  }
  if (pairs.length !== announced) {
    throw new DataError(`${first.location}: announces ${announced} pairs, but ${pairs.length} follow.`);
  }
}

/** Finds the image files of paths without file extension. */
class ImageFinder {
  readonly #extensions: readonly string[];
  readonly #fileExists: FileExists | undefined;
  readonly #found = new Map<string, string | null>();

  constructor(extension: string | undefined, fileExists: FileExists | undefined) {
    const upper = imageExtensions.map((one) => one.toUpperCase());
    this.#extensions = extension === undefined ? [...imageExtensions, ...upper] : [extension];
    this.#fileExists = fileExists;
  }

  async exist({ first, second }: Pair): Promise<boolean> {
    return (await this.#find(first)) !== null && (await this.#find(second)) !== null;
  }

  /** Completes the paths of pairs. A missing image gets the extension of the first image that exists. */
  async complete(pairs: readonly Pair[]): Promise<Pair[]> {
    for (const { first, second } of pairs) for (const path of [first, second]) await this.#find(path);
    const known = [...this.#found.values()].find((path) => path !== null);
    const extension = known ? known.slice(known.lastIndexOf('.')) : this.#extensions[0];
    const completed = (path: string) => this.#found.get(path) ?? `${path}${extension}`;
    return pairs.map((pair) => ({ ...pair, first: completed(pair.first), second: completed(pair.second) }));
  }

  /** Returns the path of an image; null if there is none. */
  async #find(path: string): Promise<string | null> {
    const known = this.#found.get(path);
    if (known !== undefined || !this.#fileExists) return known ?? null;
    let found: string | null = null;
    // The files of LFW have underscores where the names of people have spaces.
    for (const stem of new Set([path, path.replaceAll(' ', '_')])) {
      for (const extension of this.#extensions) {
        if (found === null && (await this.#fileExists(stem + extension))) found = stem + extension;
      }
    }
    this.#found.set(path, found);
    return found;
  }
}
