import { expect, it } from 'vitest';
import { similarNames } from './people-findings.ts';

it.each([
  [['Ada', 'Bob'], []],
  [['Ada_Lovelace', 'ada lovelace', 'Ada  Lovelace '], [['Ada_Lovelace', 'ada lovelace', 'Ada  Lovelace ']]],
  [['Jos\u00e9', 'Jose\u0301'], [['Jos\u00e9', 'Jose\u0301']]],
  [['José', 'Jose'], []],
  [['Ann-Marie', 'Ann Marie', 'Annmarie'], [['Ann-Marie', 'Ann Marie']]],
  [['ＡＤＡ', 'ada'], [['ＡＤＡ', 'ada']]],
  [['1', '10', '01'], []],
  [[], []],
])('similarNames of %j', (names, expected) => {
  expect(similarNames(names)).toEqual(expected);
});
