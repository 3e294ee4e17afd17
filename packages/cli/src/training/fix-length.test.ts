import { expect, it } from 'vitest';
import { lfw } from '../__fixtures__/lfw-circumstances.ts';
import { chooseSettings } from '../config/choose-settings.ts';
import { fitMinutes, followLength } from './fix-length.ts';

const data = '/faces';

it('converts minutes to steps, less the time of ten evaluations', () => {
  const speed = { secondsPerStep: 0.5, stepsPerEpoch: 70, evaluatedImages: 500 };
  const config = fitMinutes(chooseSettings({ data, minutes: 20 }, lfw), speed);
  // 2400 steps fit; an evaluation of 500 images takes as long as 0.7 · 500 / 64 steps.
  expect(config.steps).toBe(Math.floor(2400 - (10 * 0.7 * 500) / 64));
  expect(config).not.toHaveProperty('minutes');
  expect(config.evaluateEvery).toEqual({ steps: Math.ceil(config.steps! / 10) });
  expect(config.loss).toMatchObject({ startEpoch: 2 });
});

it('plans fewer evaluations in a short run, and at least ten steps', () => {
  const speed = { secondsPerStep: 1, stepsPerEpoch: 70, evaluatedImages: 500 };
  const short = fitMinutes(chooseSettings({ data, minutes: 2 }, lfw), speed);
  expect(short.evaluateEvery).toEqual({ steps: Math.ceil(short.steps! / 2) });
  expect(short.loss).toMatchObject({ startEpoch: 1 });
  expect(fitMinutes(chooseSettings({ data, minutes: 0.01 }, lfw), speed).steps).toBe(10);
  expect(fitMinutes(chooseSettings({ data, minutes: 1 }, lfw), { ...speed, evaluatedImages: 0 }).steps).toBe(
    60,
  );
});

it('keeps a given length', () => {
  const steps = followLength(chooseSettings({ data, steps: 95 }, lfw), 70);
  expect(steps).toMatchObject({ steps: 95, evaluateEvery: { steps: 10 } });
  expect(steps.loss).toMatchObject({ startEpoch: 1 });
  const epochs = followLength(chooseSettings({ data, epochs: 28, evaluateEvery: { epochs: 1 } }, lfw), 70);
  expect(epochs).toMatchObject({ epochs: 28, evaluateEvery: { epochs: 1 } });
  expect(followLength(epochs, 70)).toEqual(epochs);
});
