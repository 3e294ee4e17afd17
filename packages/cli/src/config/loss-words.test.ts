import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import { checkLossWord, learnsPairThreshold, lossWordHelp, lossWords } from './loss-words.ts';

const cosFace = { loss: 'CosFaceLoss' };
const uss = { loss: 'UssLoss' };

it.each([
  [cosFace, false],
  [uss, true],
  [{ loss: 'BceUnifiedLoss' }, false],
  [{ loss: 'UniTSFaceLoss', classLoss: cosFace }, true],
  [{ loss: 'CombinedLoss', parts: { a: cosFace, b: { loss: uss, weight: 2 } } }, true],
  [{ loss: 'CombinedLoss', parts: { a: cosFace, b: uss }, thresholdFrom: 'a' }, false],
  [{ loss: 'CombinedLoss', parts: { a: cosFace } }, false],
])('%j learns a threshold between embeddings: %s', (settings, expected) => {
  expect(learnsPairThreshold(settings)).toBe(expected);
});

it('explains every word in one line', () => {
  const lines = lossWordHelp();
  expect(lines.map((line) => line.split(' ')[0])).toEqual([...lossWords, 'MODULE#EXPORT']);
  expect(lines.find((line) => line.startsWith('uniface'))).toMatch(/^uniface +\S.*negative weight 0\.7,/);
});

it('accepts words and modules, and suggests the nearest word', () => {
  expect(checkLossWord('epl')).toBe('epl');
  expect(checkLossWord('./x.js#X')).toBe('./x.js#X');
  expect(() => checkLossWord('ep')).toThrow(ConfigError);
  expect(() => checkLossWord('unitsfac')).toThrow(/no loss 'unitsfac'\. Did you mean 'unitsface'\?/);
});
