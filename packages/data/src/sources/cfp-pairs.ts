import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { PairCollector, type PairList } from './pair-list.ts';
import { parseWhole, readLines, shorten } from './text-lines.ts';

/** The files of the protocol of Celebrities in Frontal-Profile. */
export interface CfpFiles {
  /** `Pair_list_F.txt`: the frontal pictures, lines of `number path`. */
  readonly frontal: ByteFile;
  /** `Pair_list_P.txt`: the profiles, for the frontal-profile protocol; left out for frontal-frontal. */
  readonly profile?: ByteFile | undefined;
  /** `same.txt` and `diff.txt` of each fold, lines of `number,number`. */
  readonly folds: readonly { readonly same: ByteFile; readonly different: ByteFile }[];
}

/**
 * Reads the pairs of Celebrities in Frontal-Profile (CFP): frontal with profile (FP), or frontal with frontal (FF).
 * Paths are those of the picture lists, relative to the folder of these.
 *
 * Reference: Sengupta et al., *Frontal to Profile Face Verification in the Wild*, WACV 2016, http://www.cfpw.io.
 * @throws DataError for a line of another form, and for a number that its list does not have
 */
export async function readCfpPairs({ frontal, profile, folds }: CfpFiles): Promise<PairList> {
  const first = await readPictures(frontal);
  const second = profile ? await readPictures(profile) : first;
  const pairs = new PairCollector();
  for (const [fold, { same, different }] of folds.entries()) {
    for (const file of [same, different]) {
      for (const { text, place } of await readLines(file)) {
        const [one = '', other = '', ...more] = text.trim().split(/\s*,\s*/);
        if (other === '' || more.length > 0) {
          throw new DataError(
            `${place}: expected two numbers with a comma between, found '${shorten(text)}'.`,
          );
        }
        pairs.add(find(first, one, place), find(second, other, place), file === same, fold);
      }
    }
  }
  if (pairs.size === 0) throw new DataError(`${frontal.name}: its protocol has no pairs.`);
  return pairs.toList();
}

async function readPictures(file: ByteFile): Promise<Map<number, string>> {
  const paths = new Map<number, string>();
  for (const { text, place } of await readLines(file)) {
    const [, number = '', path = ''] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(text) ?? [];
    if (path === '') throw new DataError(`${place}: expected a number and a path, found '${shorten(text)}'.`);
    const key = parseWhole(number, place);
    if (paths.has(key)) throw new DataError(`${place}: picture ${key} stands twice in the list.`);
    paths.set(key, path);
  }
  return paths;
}

function find(paths: ReadonlyMap<number, string>, number: string, place: string): string {
  const path = paths.get(parseWhole(number, place));
  if (path !== undefined) return path;
  throw new DataError(`${place}: there is no picture ${number}; the list has ${paths.size}.`);
}
