import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { type Pair, type PairList, pairListOf } from './pair-list.ts';
import { parseInteger, readTextLines, shorten } from './text-lines.ts';

/** The protocol files of Celebrities in Frontal-Profile. */
export interface CfpFiles {
  /** `Pair_list_F.txt`: the frontal images, lines of `number path`. */
  readonly frontal: ByteFile;
  /** `Pair_list_P.txt`: the profiles; omitted for the frontal-frontal protocol. */
  readonly profile?: ByteFile | undefined;
  /** `same.txt` and `diff.txt` of each fold, lines of `number,number`. */
  readonly folds: readonly { readonly same: ByteFile; readonly different: ByteFile }[];
}

/**
 * Reads the pairs of Celebrities in Frontal-Profile (CFP): frontal with profile (FP), or frontal with frontal (FF).
 * Paths are as in the image lists, relative to the folder of the lists.
 *
 * Reference: Sengupta et al., *Frontal to Profile Face Verification in the Wild*, WACV 2016, http://www.cfpw.io.
 * @throws DataError for a malformed line, and for a number that its image list does not have
 */
export async function readCfpPairs({ frontal, profile, folds }: CfpFiles): Promise<PairList> {
  const first = await readNumberedPaths(frontal);
  const second = profile ? await readNumberedPaths(profile) : first;
  const pairs: Pair[] = [];
  for (const [fold, { same, different }] of folds.entries()) {
    for (const file of [same, different]) {
      for (const { text, location } of (await readTextLines(file)).lines) {
        const [one = '', other = '', ...more] = text.trim().split(/\s*,\s*/);
        if (other === '' || more.length > 0) {
          throw new DataError(
            `${location}: expected two numbers separated by a comma, found '${shorten(text)}'.`,
          );
        }
        pairs.push({
          first: findPath(first, one, location),
          second: findPath(second, other, location),
          isSame: file === same,
          fold,
        });
      }
    }
  }
  if (pairs.length === 0) throw new DataError(`${frontal.name}: the protocol has no pairs.`);
  return pairListOf(pairs);
}

async function readNumberedPaths(file: ByteFile): Promise<Map<number, string>> {
  const paths = new Map<number, string>();
  for (const { text, location } of (await readTextLines(file)).lines) {
    const [, number = '', path = ''] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(text) ?? [];
    if (path === '')
      throw new DataError(`${location}: expected a number and a path, found '${shorten(text)}'.`);
    const key = parseInteger(number, location);
    if (paths.has(key)) throw new DataError(`${location}: image ${key} occurs twice in the list.`);
    paths.set(key, path);
  }
  return paths;
}

function findPath(paths: ReadonlyMap<number, string>, number: string, location: string): string {
  const path = paths.get(parseInteger(number, location));
  if (path !== undefined) return path;
  throw new DataError(`${location}: the list has no image ${number}; it has ${paths.size} images.`);
}
