import { DataError } from '@openset/core';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { textFile } from './__fixtures__/files.ts';
import { readImageList } from './image-list.ts';
import { readPairs } from './read-pairs.ts';
import type { ListReport } from './text-lines.ts';

const numRuns = inject('long') ? 3000 : 200;

/** How a program writes a list. */
const dialects = fc.record({
  separator: fc.constantFrom('\t', ',', ';', ' '),
  ending: fc.constantFrom('\n', '\r\n', '\r'),
  mark: fc.constantFrom('', '\uFEFF'),
  last: fc.boolean(),
  trailing: fc.boolean(),
  quotes: fc.boolean(),
  index: fc.constantFrom(null, 'index', 'Unnamed: 0', ''),
  isHeaded: fc.boolean(),
  /** Lines before each row that are no rows. */
  noise: fc.array(fc.constantFrom('', '  ', '#', '# a comment'), { maxLength: 3 }),
  doFilesExist: fc.boolean(),
});
type Dialect = typeof dialects extends fc.Arbitrary<infer T> ? T : never;

/** Names of files, which have every separator but the one of the list unless they are quoted. */
function nameOf(number: number, { separator, quotes }: Dialect): string {
  const names = [
    `${number}.jpg`,
    `a b/${number}.png`,
    `Doe, J/${number}.JPG`,
    separator === ' ' ? `#x+${number}.webp` : `#x;${number}.webp`,
    `é\\${number}.bmp`,
  ];
  const fits = (name: string) => quotes || (separator === ' ' ? !/\s/.test(name) : !name.includes(separator));
  return names.filter(fits)[number % 3] ?? `${number}.jpg`;
}

/** Writes a list in a dialect. */
function write(dialect: Dialect, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const { separator, ending, mark, last, trailing, quotes, index, isHeaded, noise } = dialect;
  // Empty names and fields at the end of the line have no meaning between spaces.
  const isSpaced = separator === ' ' && !quotes;
  const field = (text: string) => (quotes ? `"${text.replaceAll('"', '""')}"` : text);
  const join = (fields: readonly string[]) =>
    fields.map(field).join(separator) + (trailing && !isSpaced ? separator : '');
  const name = isSpaced && index !== null ? 'index' : index;
  const withIndex = (fields: readonly string[], text: string) =>
    index === null ? fields : [text, ...fields];
  const all = [
    ...(isHeaded ? [join(withIndex(header, name ?? ''))] : []),
    ...rows.flatMap((fields, row) => [
      ...noise.slice(0, row % (noise.length + 1)),
      join(withIndex(fields, String(row))),
    ]),
  ];
  return mark + all.join(ending) + (last ? ending : '');
}

function checkReport(report: ListReport | undefined, rows: number, text: string): void {
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === '') lines.pop();
  expect(report?.lineCount).toBe(lines.length);
  expect(rows + (report?.skipped.length ?? 0)).toBe(lines.length);
  const numbers = report?.skipped.map(({ line }) => line) ?? [];
  expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
}

/** Shuffles columns by a list of numbers. */
function permute<T>(list: readonly T[], keys: readonly number[]): T[] {
  return list
    .map((value, index) => ({ value, key: keys[index] ?? 0 }))
    .sort((one, other) => one.key - other.key)
    .map(({ value }) => value);
}

describe('pair tables', () => {
  const headers = fc.constantFrom(
    ['path1', 'path2', 'same'],
    ['img_a', 'img_b', 'is_same'],
    ['id1', 'id2', 'label'],
    ['File 1', 'File 2', 'Target'],
    ['Left Image', 'Right Image', 'Match'],
    ['image', 'image.1', 'y'],
    ['probe', 'gallery', 'genuine'],
  );
  const values = fc.constantFrom(
    ['1', '0'],
    ['1', '-1'],
    ['1.0', '0.0'],
    ['1.000e+00', '0.000e+00'],
    ['True', 'False'],
    ['yes', 'no'],
    ['same', 'different'],
    ['MATCH', 'mismatch'],
    ['match', 'non-match'],
    ['Genuine', 'Impostor'],
    ['positive', 'negative'],
  );
  const tables = fc.record({
    dialect: dialects,
    names: headers,
    words: values,
    keys: fc.array(fc.nat(), { minLength: 5, maxLength: 5 }),
    hasFolds: fc.boolean(),
    isSame: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
  });

  function makeTable({
    dialect,
    names,
    words,
    keys,
    hasFolds,
    isSame,
  }: typeof tables extends fc.Arbitrary<infer T> ? T : never) {
    const { isHeaded, separator, quotes } = dialect;
    const isSpaced = separator === ' ' && !quotes;
    const word = (text: string) => (isSpaced ? text.replaceAll(' ', '_') : text);
    const pairs = isSame.map((same, row) => ({
      first: nameOf(2 * row, dialect),
      second: nameOf(2 * row + 1, dialect),
      same,
      fold: row % 3,
    }));
    // Columns have any order below a header, and there may be others.
    const order = <T>(list: readonly T[]) => (isHeaded ? permute(list, keys) : list);
    const header = order([...names.map(word), ...(hasFolds ? ['fold'] : []), ...(isHeaded ? ['score'] : [])]);
    const rows = pairs.map(({ first, second, same, fold }) =>
      order([
        first,
        second,
        words[same ? 0 : 1] as string,
        ...(hasFolds ? [String(fold)] : []),
        ...(isHeaded ? ['0.25'] : []),
      ]),
    );
    const files = new Set(pairs.flatMap(({ first, second }) => [first, second]));
    const options = dialect.doFilesExist ? { fileExists: (path: string) => files.has(path) } : {};
    return { pairs, header, rows, options };
  }

  it('are read in every dialect, and no row is lost', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const { pairs, header, rows, options } = makeTable(table);
        const text = write(table.dialect, header, rows);
        const list = await readPairs(textFile(text), options);
        // Columns in another order swap the images of all pairs.
        const paths = list.first.map((first, pair) => [first, list.second[pair] as string].sort());
        expect(paths, text).toEqual(pairs.map(({ first, second }) => [first, second].sort()));
        expect([...list.isSame]).toEqual(pairs.map(({ same }) => Number(same)));
        expect(list.folds && [...list.folds]).toEqual(table.hasFolds ? pairs.map(({ fold }) => fold) : null);
        checkReport(list.report, pairs.length, text);
      }),
      { numRuns },
    );
  });

  it('are refused for an unknown value in any line, which is named', async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.nat(), async (table, number) => {
        const { header, rows, options } = makeTable(table);
        const wrong = number % rows.length;
        const value = table.words[table.isSame[wrong] ? 0 : 1];
        const changed = rows.map((fields, row) =>
          row === wrong ? fields.map((field) => (field === value ? 'perhaps' : field)) : fields,
        );
        const text = write({ ...table.dialect, noise: [] }, header, changed);
        const reading = readPairs(textFile(text), options);
        await expect(reading, text).rejects.toThrow(DataError);
        await expect(reading).rejects.toThrow(`line ${wrong + 1 + Number(table.dialect.isHeaded)}:`);
      }),
      { numRuns },
    );
  });
});

describe('image lists', () => {
  const lists = fc.record({
    dialect: dialects,
    names: fc.constantFrom(
      ['name', 'image'],
      ['path', 'label'],
      ['filename', 'identity'],
      ['Image', 'Id'],
      ['image_id', 'person_id'],
      ['id', 'class'],
      ['file name', 'name'],
    ),
    isReversed: fc.boolean(),
    labels: fc.array(fc.constantFrom('7', 'Ada', 'n000001', 'Jane Doe'), { minLength: 1, maxLength: 9 }),
  });

  it('are read in every dialect, and no row is lost', async () => {
    await fc.assert(
      fc.asyncProperty(lists, async ({ dialect, names, isReversed, labels }) => {
        const isSpaced = dialect.separator === ' ' && !dialect.quotes;
        const word = (text: string) => (isSpaced ? text.replaceAll(' ', '_') : text);
        // `name,image` are label and path.
        const [path, label] = names[1] === 'image' ? [names[1], names[0]] : names;
        const entries = labels.map((text, row) => ({ path: nameOf(row, dialect), label: word(text) }));
        const order = <T>(list: readonly T[]) => (isReversed ? [...list].reverse() : list);
        // '0 a.jpg 7' is an index or a name with a space.
        const isOpen = dialect.separator === ' ' && !dialect.isHeaded && !dialect.doFilesExist;
        const text = write(
          isOpen ? { ...dialect, index: null } : dialect,
          order([word(path as string), word(label as string)]),
          entries.map((entry) => order([entry.path, entry.label])),
        );
        const files = new Set(entries.map((entry) => entry.path));
        const options = dialect.doFilesExist ? { fileExists: (file: string) => files.has(file) } : {};
        const list = await readImageList(textFile(text), options);
        expect(list.paths, text).toEqual(entries.map((entry) => entry.path));
        expect(list.labels).toEqual(entries.map((entry) => entry.label));
        checkReport(list.report, entries.length, text);
      }),
      { numRuns },
    );
  });
});

it('image lists are refused for a line without label', async () => {
  const cases = fc.record({ dialect: dialects, count: fc.integer({ min: 2, max: 9 }), wrong: fc.nat() });
  await fc.assert(
    fc.asyncProperty(cases, async ({ dialect: drawn, count, wrong }) => {
      const separator = drawn.separator === ' ' ? (',' as const) : drawn.separator;
      const dialect: Dialect = { ...drawn, separator, noise: [] };
      const paths = Array.from({ length: count }, (_, row) => nameOf(row, dialect));
      const rows = paths.map((path, row) => (row === wrong % count ? [path] : [path, 'Jane van Doe']));
      const text = write(dialect, ['path', 'label'], rows);
      const options = dialect.doFilesExist ? { fileExists: (file: string) => paths.includes(file) } : {};
      await expect(readImageList(textFile(text), options), text).rejects.toThrow(DataError);
    }),
    { numRuns },
  );
});

describe("lists in LFW's form", () => {
  it('are read in every dialect, and no row is lost', async () => {
    const names = fc.constantFrom('Ada', 'Jane van Doe', 'O’Neil, Ed', 'n000001', '0000045');
    // Number 1 or 0 last in all rows could be `same` of a table.
    const numbers = fc.integer({ min: 2, max: 12000 });
    const pairs = fc.array(fc.tuple(names, numbers, fc.option(names), numbers), {
      minLength: 1,
      maxLength: 9,
    });
    await fc.assert(
      fc.asyncProperty(dialects, pairs, async (dialect, drawn) => {
        const isSpaced = dialect.separator === ' ' && !dialect.quotes;
        // Between spaces, numbers in names leave open where the name ends.
        const clean = (name: string) =>
          dialect.separator === ' ' || dialect.separator === ','
            ? name.replaceAll(/[ ,]/g, '_').replace(/^\d/, 'n')
            : name;
        const rows = drawn.map(([name, number, other, second]) =>
          other === null
            ? [clean(name), `${number}`, `${second}`]
            : [clean(name), `${number}`, clean(other), `${second}`],
        );
        // An index beside numbers is read below a header only.
        const plain = {
          ...dialect,
          index: dialect.isHeaded && !isSpaced && dialect.index !== 'index' ? dialect.index : null,
        };
        const text = write(plain, ['name', 'imagenum1', 'imagenum2'], rows);
        const list = await readPairs(textFile(text)).catch((error: Error) => {
          // A pair of an image with itself that is of two people.
          if (/are one image/.test(error.message)) return null;
          throw new Error(`${text}: ${error.message}`);
        });
        if (!list) return;
        const path = (name: string, number: number) =>
          `${name}/${name}_${String(number).padStart(4, '0')}.jpg`;
        expect(list.first, text).toEqual(drawn.map(([name, number]) => path(clean(name), number)));
        expect(list.second).toEqual(
          drawn.map(([name, , other, number]) => path(clean(other ?? name), number)),
        );
        expect([...list.isSame]).toEqual(drawn.map(([, , other]) => Number(other === null)));
        checkReport(list.report, drawn.length, text);
      }),
      { numRuns },
    );
  });
});
