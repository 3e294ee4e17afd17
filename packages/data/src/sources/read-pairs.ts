import type { ByteFile } from '../byte-file.ts';
import { type LfwPairsOptions, lfwFormat } from './lfw-pairs.ts';
import type { PairList } from './pair-list.ts';
import { readPairLines } from './pair-reading.ts';
import { divideIntoFolds, type PairTableOptions, pairTableFormat } from './pair-table.ts';

/**
 * Reads a list of pairs in the form that its lines have: a table as `readPairTable` reads, or LFW's form as `readLfwPairs` reads.
 * @throws DataError for a list that has neither form, and for one that fits both
 * @throws ConfigError for the option `folds` if the list has folds or cannot be divided evenly
 */
export async function readPairs(
  file: ByteFile,
  options: PairTableOptions & LfwPairsOptions = {},
): Promise<PairList> {
  const list = await readPairLines(file, [pairTableFormat(options), lfwFormat(options)], options.separator);
  return options.folds === undefined ? list : divideIntoFolds(list, options.folds, file.name);
}
