import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { PairCollector, type PairList } from './pair-list.ts';
import { type NumberedLine, parseInteger, readLines, shorten } from './text-lines.ts';

/** Options of `readLfwPairs`. */
export interface LfwPairsOptions {
  /** File extension of the images; default `.jpg`. */
  readonly extension?: string;
}

/**
 * Reads pairs in the format of Labeled Faces in the Wild.
 *
 * A pair of the same person is `name⇥n1⇥n2`, a pair of two people is `name1⇥n1⇥name2⇥n2`. Image 7 of `Jane_Doe` is the
 * file `Jane_Doe/Jane_Doe_0007.jpg`. The header line is `folds⇥pairs` (View 2: 10 and 300) or `pairs` (View 1, one
 * fold): each fold must then have this many pairs of the same person, followed by as many pairs of two people. Without
 * a header line, a new fold begins where a pair of the same person follows a pair of two people.
 *
 * Reference: http://vis-www.cs.umass.edu/lfw/README.txt, 3c.
 * @throws DataError for a malformed line, or if the pairs do not match the header line
 */
export async function readLfwPairs(
  file: ByteFile,
  { extension = '.jpg' }: LfwPairsOptions = {},
): Promise<PairList> {
  const lines = await readLines(file);
  const header = readHeader(lines[0]);
  const pairs = new PairCollector();
  let fold = 0;
  let wasSame = true;
  for (const line of header ? lines.slice(1) : lines) {
    const { first, second, isSame } = readPair(line, extension);
    if (header) {
      fold = Math.floor(pairs.size / (2 * header.perKind));
      const expected = pairs.size % (2 * header.perKind) < header.perKind;
      if (isSame !== expected) {
        const [one, other] = expected ? ['one person', 'two people'] : ['two people', 'one person'];
        throw new DataError(
          `${line.location}: the first line announces ${header.perKind} pairs of each kind in a fold, so pair ` +
            `${pairs.size} must show ${one}, but shows ${other}.`,
        );
      }
    } else if (isSame && !wasSame) {
      fold += 1;
    }
    wasSame = isSame;
    pairs.add(first, second, isSame, fold);
  }
  const announced = header ? header.folds * 2 * header.perKind : pairs.size;
  if (pairs.size === announced && pairs.size > 0) return pairs.toList();
  throw new DataError(
    `${file.name}: has ${pairs.size} pairs, but ${header ? `its first line announces ${announced}` : 'needs at least one'}.`,
  );
}

function readHeader(line: NumberedLine | undefined): { folds: number; perKind: number } | null {
  const fields = line ? split(line.text) : [];
  if (!line || fields.length > 2 || !fields.every((field) => /^\d+$/.test(field))) return null;
  const numbers = fields.map((field) => parseInteger(field, line.location, { minimum: 1 }));
  return { folds: fields.length === 2 ? (numbers[0] as number) : 1, perKind: numbers.at(-1) as number };
}

function readPair({ text, location }: NumberedLine, extension: string) {
  const fields = split(text);
  if (fields.length !== 3 && fields.length !== 4) {
    throw new DataError(
      `${location}: expected 'name n1 n2' or 'name1 n1 name2 n2', found ${fields.length} fields: '${shorten(text)}'.`,
    );
  }
  const isSame = fields.length === 3;
  const [firstName, firstNumber] = fields as [string, string];
  const secondName = isSame ? firstName : (fields[2] as string);
  const path = (name: string, number: string) => {
    const digits = String(parseInteger(number, location)).padStart(4, '0');
    return `${name}/${name}_${digits}${extension}`;
  };
  return { first: path(firstName, firstNumber), second: path(secondName, fields.at(-1) as string), isSame };
}

function split(text: string): string[] {
  return text.trim().split(/\s+/);
}
