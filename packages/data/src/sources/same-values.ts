const same = new Set(
  'true t yes y same match matched genuine mated positive pos authentic client sameperson'.split(' '),
);
const different = new Set(
  (
    'false f no n different diff mismatch mismatched nonmatch nonmatched notmatch nomatch unmatched impostor imposter ' +
    'nonmated negative neg notsame differentperson differentpeople'
  ).split(' '),
);

/** The values that most lists use, for messages. */
export const sameValueExamples =
  '1, true, yes, same, match, genuine or positive for one person; ' +
  '0, -1, false, no, different, mismatch, nonmatch, impostor or negative for two people';

/**
 * Returns whether a value of the column `same` says that a pair shows one person: 1 (also as `1.0` or `1e0`) or a word; 0, −1 or a
 * word for two people. Upper and lower case, white space, `_` and `-` make no difference.
 * @returns null for an unknown value
 */
export function parseSame(text: string): boolean | null {
  if (/^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text);
    return value === 1 ? true : value === 0 || value === -1 ? false : null;
  }
  const word = text.toLowerCase().replaceAll(/[\s_-]/g, '');
  return same.has(word) ? true : different.has(word) ? false : null;
}
