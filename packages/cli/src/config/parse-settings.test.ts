import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import { parseSettings } from './parse-settings.ts';
import { settingsSchema } from './settings.ts';

function problems(value: unknown): string[] {
  try {
    parseSettings(settingsSchema(), value, 'c.json');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message.split('\n');
  }
  return [];
}

it('returns valid settings unchanged', () => {
  const settings = {
    loss: { loss: 'UniTSFaceLoss', scale: 32, classLoss: { loss: 'CosFaceLoss', margin: 0.2 } },
    network: { backbone: 'mobile-facenet', inputSize: [112, 96] },
    clipNorm: null,
    epochs: 3,
  };
  expect(parseSettings(settingsSchema(), settings, 'c.json')).toEqual(settings);
});

it.each([
  [
    { epocs: 3 },
    /^c\.json: the configuration has no 'epocs'\. Did you mean 'epochs'\? It has data, .*gradientWire\.$/,
  ],
  [{ epochs: 0 }, 'c.json: epochs must be at least 1, but is 0.'],
  [{ epochs: 1.5 }, 'c.json: epochs must be a whole number, but is 1.5.'],
  [{ epochs: 'many' }, 'c.json: epochs must be a number, but is "many".'],
  [{ heldOut: 1 }, 'c.json: heldOut must be at most 0.9 or at least 2, but is 1.'],
  [{ heldOut: 2.5 }, 'c.json: heldOut must be at most 0.9, but is 2.5.'],
  [{ maxImagesPerPerson: 0 }, 'c.json: maxImagesPerPerson must be at least 1, but is 0.'],
  [{ minutes: 0 }, 'c.json: minutes must be above 0, but is 0.'],
  [{ network: [] }, 'c.json: network must be an object, but is [].'],
  [{ network: {} }, /^c\.json: network\.backbone is missing; it must be one of 'lresnet-ir', /],
  [
    { network: { backbone: 'lresnet' } },
    /^c\.json: network\.backbone must be one of .*, but is "lresnet"\. Did you mean 'lresnet-ir'\?$|but is "lresnet"\.$/,
  ],
  [
    { network: { backbone: 'lresnet-ir', dept: 50 } },
    /network has no 'dept'\. Did you mean 'depth'\? It has backbone, depth, /,
  ],
  [
    { network: { backbone: 'lresnet-ir', blocks: [] } },
    'c.json: network.blocks must be at least 1 long, but is [].',
  ],
  [
    { network: { backbone: 'small-cnn', inputSize: 'big' } },
    'c.json: network.inputSize must be a number or a list, but is "big".',
  ],
  [
    { loss: { loss: 'CosFaseLoss' } },
    /^c\.json: loss\.loss must be one of .*, but is "CosFaseLoss"\. Did you mean 'CosFaceLoss'\?$/,
  ],
  [
    { loss: { loss: 'CosFaceLoss', margn: 1 } },
    /loss has no 'margn'\. Did you mean 'margin'\? It has loss, scale, margin, negativeSampleRate, interclassFilteringThreshold, blockSize\.$/,
  ],
  [
    { loss: { loss: 'UssLoss', biasInit: 'dat' } },
    'c.json: loss.biasInit must be \'data\' or a number, but is "dat".',
  ],
  [{ loss: { loss: 'CombinedLoss', parts: {} } }, 'c.json: loss.parts: needs at least one part.'],
  [
    { loss: { loss: 'CombinedLoss', parts: { a: { loss: 'UssLoss', scal: 3 } } } },
    /loss\.parts\.a has no 'scal'\. Did you mean 'scale'\?/,
  ],
  [{ loss: { loss: 'UniTSFaceLoss' } }, 'c.json: loss.classLoss is missing; it must be an object.'],
  [
    { schedule: { kind: 'multi-step', learningRate: 0.1, milestones: [16, 'x'] } },
    'c.json: schedule.milestones[1] must be a number, but is "x".',
  ],
  [{ backend: 'wsm' }, /^c\.json: backend must be one of 'cpu', .*, but is "wsm"\. Did you mean 'wasm'\?$/],
  [{ augment: [{ kind: 'flip' }] }, /^c\.json: augment\[0\]\.kind must be one of 'horizontal-flip', /],
  [7, 'c.json: the configuration must be an object, but is 7.'],
])('%j', (value, expected) => {
  const [first, ...others] = problems(value);
  if (typeof expected === 'string') expect(first).toBe(expected);
  else expect(first).toMatch(expected);
  expect(others).toEqual([]);
});

it('reports all problems, one a line', () => {
  expect(problems({ seed: 'x', batchSize: 0, lss: {} })).toHaveLength(3);
});
