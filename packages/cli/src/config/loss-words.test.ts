import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import {
  checkClassLossWord,
  checkLossWord,
  learnsPairThreshold,
  lossFor,
  lossWordHelp,
  lossWords,
  withClassLoss,
} from './loss-words.ts';

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

it('accepts losses over class weights as class losses, and suggests the nearest', () => {
  expect(checkClassLossWord('adaface')).toBe('adaface');
  expect(checkClassLossWord('./x.js#X')).toBe('./x.js#X');
  expect(() => checkClassLossWord('adafase')).toThrow(/no loss 'adafase'\. Did you mean 'adaface'\?/);
  const message = /^'uss' is no loss over class weights, which --class-loss needs\. Class losses: adaface, /;
  expect(() => checkClassLossWord('uss')).toThrow(message);
  expect(() => checkClassLossWord('uss')).not.toThrow(/unitsface/);
});

it('puts a class loss with its own strength into a loss', () => {
  expect(withClassLoss(lossFor('unitsface', 10_000), 'adaface', 10_000)).toEqual({
    loss: 'UniTSFaceLoss',
    scale: 64,
    margin: 0.1,
    classLoss: { loss: 'AdaFaceLoss', scale: 64, margin: 0.4 },
  });
  // EPL over a class loss has no scale and margin of its own.
  const epl = withClassLoss({ ...lossFor('epl', 10), startEpoch: 3 }, 'curricularface', 10);
  expect(epl).toEqual({
    loss: 'EplLoss',
    startEpoch: 3,
    classLoss: { loss: 'CurricularFaceLoss', scale: 32, margin: 0.3 },
  });
  expect(withClassLoss(lossFor('unitsface', 10), 'epl', 10)).toMatchObject({
    classLoss: { loss: 'EplLoss' },
  });
  expect(() => withClassLoss(lossFor('uss', 10), 'cosface', 10)).toThrow(
    '--class-loss cosface needs a loss that takes a class loss, but UssLoss takes none. Use --loss unitsface or epl.',
  );
});
