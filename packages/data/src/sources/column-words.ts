/**
 * Words of columns in header lines. Words are compared in lower case, without white space and `_ - . : #`: `Image_Path`,
 * `image path` and `imagePath` are one word.
 */

const image = '(?:path|file|image|img|photo|picture|pic|face|url)';
const extent = '(?:full|abs|absolute|rel|relative)?';
const side = '(?:0|1|2|a|b|one|two|left|right|first|second|query|probe|gallery|reference|ref|anchor|other)';
const person = '(?:person|people|identity|subject|individual|celebrity|class|category|label|target)';

const words = {
  /** Columns of an image list. A word of `weak` counts if no column has a better one. */
  imagePath: new RegExp(`^${extent}${image}(?:${image}|name|id)*$`),
  label: new RegExp(`^(?:${person}(?:id|name|label|no|num|number|idx|index|s)*|y|pid)$`),
  weak: /^(?:name|id|key)$/,
  /** Columns of a pair table. The groups make the stem, which `img1` and `img2` share. */
  pairPath: new RegExp(
    `^(?:person|subject|identity)?${side}?(${extent}${image})${side}?((?:${image}|name|id)*)${side}?$`,
  ),
  weakPairPath: new RegExp(`^${side}?(name|id|x|)()${side}?$`),
  same: /^(?:is|are)?(?:same|match|matched|genuine|mated|positive)(?:pair|person|people|identity|id|class|face)?s?$/,
  weakSame:
    /^(?:(?:pair)?(?:label|target|class)|y|truth|groundtruth|gt|actual|actualissame|result|expected|value)s?$/,
  inverse:
    /^(?:is|are)?(?:diff|different|mismatch|nonmatch|notsame|impostor|imposter|negative|distance|dissimilar)/,
  fold: /^(?:cv|k)?folds?(?:id|no|num|number|idx|index)?$/,
  index: /^(?:|unnamed0|index|idx|row|rowid|no|nr|number|pair|pairid)$/,
  /** Columns of a list in the form of LFW. */
  lfw: /^(?:(?:name|person|identity|subject)\d?|(?:image|img)?(?:num|number|no|n|idx|index|id)?\d|(?:image|img)?(?:num|number)|unnamed\d)$/,
};

/** The columns of a pair table. */
export interface PairColumns {
  readonly first: number;
  readonly second: number;
  readonly same: number;
  /** −1 in a table without folds. */
  readonly fold: number;
}

/** The columns of an image list. */
export interface ImageColumns {
  readonly path: number;
  readonly label: number;
}

/** Examples of header lines, for messages. */
export const pairHeaderExample = 'path1,path2,same';
export const lfwHeaderExample = 'name,imagenum1,imagenum2';
export const imageHeaderExample = 'path,label';

/** Returns the columns that the words of a header line can mean; none if it is no header of a pair table. */
export function findPairColumns(fields: readonly string[]): PairColumns[] {
  const names = fields.map(simplify);
  const sames = firstOf(where(names, words.same), where(names, words.weakSame));
  const fold = findFoldColumn(fields);
  return sames.flatMap((same) =>
    findPathPairs(fields).map(([first, second]) => ({ first, second, same, fold })),
  );
}

/** Returns the pairs of columns that can be the paths: columns of one kind of word, such as `img1` and `img2`, or the only two. */
export function findPathPairs(fields: readonly string[]): [number, number][] {
  const stems = (pattern: RegExp) =>
    fields.flatMap((field, column) => {
      const name = simplify(field);
      // Numbers alone are values.
      const [, ...groups] = (!/^\d*$/.test(name) && pattern.exec(name)) || [''];
      return groups.length > 0 ? [{ column, stem: groups.join('') }] : [];
    });
  const strong = stems(words.pairPath);
  const all = [...strong, ...stems(words.weakPairPath)].sort((one, other) => one.column - other.column);
  for (const columns of [strong, all]) {
    const pairs = columns.flatMap((one, index) => columns.slice(index + 1).map((other) => ({ one, other })));
    const alike = pairs.filter(({ one, other }) => one.stem === other.stem);
    const chosen = alike.length > 0 || pairs.length > 1 ? alike : pairs;
    if (chosen.length > 0) return chosen.map(({ one, other }) => [one.column, other.column]);
  }
  return [];
}

/** Whether fields are words for columns with paths, such as `img1` and `img2`, and none is a value. */
export function namePaths(fields: readonly string[]): boolean {
  const isValue = /^(?:[+-]?\d.*|true|false|yes|no|[tfyn])$/i;
  const bare = new RegExp(`^${side}$`);
  return (
    findPathPairs(fields).some(([first]) => !bare.test(simplify(fields[first] as string))) &&
    !fields.some((field) => isValue.test(field))
  );
}

/** Returns the columns that the words of a header line can mean; none if it is no header of an image list. */
export function findImageColumns(fields: readonly string[]): ImageColumns[] {
  const names = fields.map(simplify);
  const weak = where(names, words.weak);
  const paths = firstOf(where(names, words.imagePath), weak);
  const labels = firstOf(where(names, words.label), weak);
  return paths.flatMap((path) => labels.flatMap((label) => (label === path ? [] : [{ path, label }])));
}

/** Whether the words are those of a list in the form of LFW, such as `name,imagenum1,imagenum2`. */
export function isLfwHeader(fields: readonly string[]): boolean {
  return fields.length >= 3 && fields.every((field) => words.lfw.test(simplify(field)));
}

/**
 * Whether a first line can only be a header, though its words are unknown: pandas numbers columns without names (`0,1,2`), and
 * leaves the name of its index column empty or writes `Unnamed: 0`.
 */
export function isPandasHeader(fields: readonly string[]): boolean {
  return (
    hasUnnamedIndex(fields) || (fields.length > 2 && fields.every((name, index) => name === String(index)))
  );
}

/** Whether the first field of a header is that of an index column without a name. */
export function hasUnnamedIndex([field]: readonly string[]): boolean {
  return field !== undefined && /^(?:|unnamed: ?0)$/i.test(field);
}

/** Returns the column with a word for the index of rows, which is no data; −1 if there is none. */
export function findIndexColumn(fields: readonly string[]): number {
  return fields.findIndex((field) => words.index.test(simplify(field)));
}

/** Returns the column with a word for the fold; −1 if there is none. */
export function findFoldColumn(fields: readonly string[]): number {
  return fields.findIndex((field) => words.fold.test(simplify(field)));
}

/** Returns the column whose word says that 1 stands for different people, such as `different`; −1 if there is none. */
export function findInverseColumn(fields: readonly string[]): number {
  return fields.findIndex((field) => words.inverse.test(simplify(field)));
}

function where(names: readonly string[], pattern: RegExp): number[] {
  return names.flatMap((name, column) => (pattern.test(name) ? [column] : []));
}

function firstOf(...lists: readonly (readonly number[])[]): readonly number[] {
  return lists.find((list) => list.length > 0) ?? [];
}

function simplify(word: string): string {
  return word.toLowerCase().replaceAll(/[\s_.:#-]/g, '');
}
