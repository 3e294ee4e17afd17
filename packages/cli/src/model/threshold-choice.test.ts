import { expect, it } from 'vitest';
import { chooseThreshold } from './threshold-choice.ts';

/** The best threshold is 0.5, between 0.4 and 0.6. */
const pairs = { cosines: [0.8, 0.6, 0.4, 0.2], isSame: [1, 1, 0, 0] };

it('keeps what the loss learned where it separates embeddings as well as the best', () => {
  const learned = { cosine: 0.45, between: 'embeddings' } as const;
  const choice = chooseThreshold(learned, pairs);
  expect(choice).toMatchObject({ threshold: 0.45, thresholdSource: 'learned', learnedThreshold: learned });
  expect(choice!.calibration!.slope).toBeLessThan(0);
  expect(chooseThreshold(learned, null)).toMatchObject({ threshold: 0.45, calibration: null });
});

it.each([
  ['between embedding and class', { cosine: 0.45, between: 'embedding and class' }],
  ['worse than the best by a quarter of the pairs', { cosine: 0.7, between: 'embeddings' }],
  ['above 1', { cosine: 1.1, between: 'embeddings' }],
  ['none', null],
] as const)('takes the best of the pairs where the learned one is %s', (_, learned) => {
  const choice = chooseThreshold(learned, pairs);
  expect(choice).toMatchObject({ thresholdSource: 'calibrated', learnedThreshold: learned });
  expect(choice!.threshold).toBeCloseTo(0.5);
  if (learned?.cosine !== 0.7) expect(chooseThreshold(learned, null)).toBeNull();
});
