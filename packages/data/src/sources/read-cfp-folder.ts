import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkChoice } from '@openset/core';
import { readCfpPairs } from './cfp-pairs.ts';
import { compareNaturally } from './natural-order.ts';
import { throwUnreadable, withFiles } from './node-file.ts';
import type { PairList } from './pair-list.ts';

/**
 * Reads the pairs of Celebrities in Frontal-Profile from its folder `Protocol`, which contains `Pair_list_F.txt`,
 * `Pair_list_P.txt`, `Split/FP/01/same.txt` and so on; see `readCfpPairs`. Image paths are relative to this folder:
 * `openPairs(await readCfpFolder(folder, 'FP'), folder)`.
 * @param protocol `'FP'` pairs frontal images with profiles, `'FF'` frontal with frontal images
 * @throws DataError if a file cannot be opened or is damaged
 */
export async function readCfpFolder(folder: string, protocol: 'FP' | 'FF'): Promise<PairList> {
  checkChoice('The protocol of CFP', protocol, ['FP', 'FF']);
  const splits = join(folder, 'Split', protocol);
  const entries = await readdir(splits).catch((error) => throwUnreadable(splits, error));
  const folds = entries.filter((name) => /^\d+$/.test(name)).sort(compareNaturally);
  const paths = [
    join(folder, 'Pair_list_F.txt'),
    join(folder, protocol === 'FP' ? 'Pair_list_P.txt' : 'Pair_list_F.txt'),
    ...folds.flatMap((fold) => [join(splits, fold, 'same.txt'), join(splits, fold, 'diff.txt')]),
  ];
  return withFiles(paths, async ([frontal, profile, ...files]) => {
    const pairs = await readCfpPairs({
      frontal: frontal as NonNullable<typeof frontal>,
      profile,
      folds: folds.map((_, fold) => ({
        same: files[2 * fold] as NonNullable<typeof frontal>,
        different: files[2 * fold + 1] as NonNullable<typeof frontal>,
      })),
    });
    await Promise.all([frontal, profile, ...files].map((file) => file?.close()));
    return pairs;
  });
}
