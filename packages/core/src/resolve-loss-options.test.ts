import { expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import type { OptionDescriptors } from './loss-descriptor.ts';
import { resolveLossOptions } from './resolve-loss-options.ts';

const options = {
  scale: { type: 'number', above: 0, below: 1000, default: 64, description: 'factor' },
  epoch: { type: 'number', minimum: 1, integer: true, required: true, description: 'first epoch' },
  share: { type: 'number', minimum: 0, maximum: 1, description: 'share' },
  start: { type: 'number', words: ['data'], default: 'data', description: 'start' },
  list: { type: 'number', list: true, description: 'one or many' },
  kind: { type: 'choice', choices: ['sum', 'mean'], default: 'sum', description: 'kind' },
  exact: { type: 'boolean', default: false, description: 'whether exact' },
  name: { type: 'text', description: 'name' },
  inner: { type: 'loss', description: 'inner loss' },
  parts: { type: 'parts', description: 'parts' },
} as const satisfies OptionDescriptors;
const descriptor = { name: 'TestLoss', options };

it('fills in defaults, and keeps other values', () => {
  const given = { loss: 'TestLoss', epoch: 2, scale: 8, share: undefined };
  expect(resolveLossOptions(descriptor, given)).toEqual({
    epoch: 2,
    scale: 8,
    start: 'data',
    kind: 'sum',
    exact: false,
  });
  expect(resolveLossOptions(descriptor, { epoch: 1, start: 5, list: [1, 2] })).toMatchObject({
    start: 5,
    list: [1, 2],
  });
});

it.each([
  [{}, 'TestLoss: epoch is missing; it is the first epoch.'],
  [{ epoch: 0 }, 'TestLoss: epoch must be a whole number from 1, but is 0.'],
  [{ epoch: 1.5 }, 'TestLoss: epoch must be a whole number from 1, but is 1.5.'],
  [{ epoch: 1, scale: 0 }, 'TestLoss: scale must be above 0, but is 0.'],
  [{ epoch: 1, scale: 1000 }, 'TestLoss: scale must be below 1000, but is 1000.'],
  [{ epoch: 1, scale: '8' }, 'TestLoss: scale must be a finite number, but is 8.'],
  [{ epoch: 1, share: 2 }, 'TestLoss: share must be a finite number from 0 up to 1, but is 2.'],
  [{ epoch: 1, start: 'date' }, "TestLoss: start must be 'data' or a number, but is 'date'."],
  [{ epoch: 1, list: [1, Number.NaN] }, 'TestLoss: list[1] must be a finite number, but is NaN.'],
  [{ epoch: 1, kind: 'max' }, "TestLoss: kind must be one of 'sum', 'mean', but is 'max'."],
  [{ epoch: 1, exact: 'yes' }, 'TestLoss: exact must be true or false, but is "yes".'],
  [{ epoch: 1, name: 7 }, 'TestLoss: name must be a string, but is 7.'],
  [{ epoch: 1, inner: 3 }, 'TestLoss: inner must be a loss, but is 3.'],
  [
    { epoch: 1, inner: { loss: 'CosFaceLoss' } },
    'TestLoss: inner must be a loss, but is the configuration of one (CosFaceLoss). Use createLoss, which creates nested losses.',
  ],
  [{ epoch: 1, parts: 3 }, 'TestLoss: parts must be losses by name, but is 3.'],
  [
    { epoch: 1, scal: 3 },
    "TestLoss has no option 'scal'. Did you mean 'scale'? Its options are scale, epoch, share, start, list, kind, exact, name, inner, parts.",
  ],
  [{ loss: 'OtherLoss' }, "TestLoss cannot use the configuration of 'OtherLoss'. Use createLoss instead."],
])('rejects %j', (given, message) => {
  const attempt = () => resolveLossOptions(descriptor, given);
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(message);
});
