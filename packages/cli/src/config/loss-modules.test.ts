import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import { makeLoss } from '../training/make-loss.ts';
import { scaledDescriptor } from './__fixtures__/scaled-loss.ts';
import { isModuleReference, loadLossModule } from './loss-modules.ts';
import { lossFor } from './loss-words.ts';
import { parseSettings } from './parse-settings.ts';
import { settingsSchema } from './settings.ts';

const file = join(import.meta.dirname, '__fixtures__', 'scaled-loss.ts');
const withoutLoss = join(import.meta.dirname, '__fixtures__', 'no-loss.ts');

it('loads a loss by its class or its descriptor, from any folder', async () => {
  const here = `./${relative(process.cwd(), file)}`;
  expect(await loadLossModule(`${here}#ScaledLoss`)).toBe(scaledDescriptor);
  expect(await loadLossModule(`${file}#scaledDescriptor`)).toBe(scaledDescriptor);
  const settings = lossFor(`${here}#ScaledLoss`, 10);
  expect(settings).toEqual({ loss: 'ScaledLoss', module: `${file}#ScaledLoss`, scale: 12 });
  expect(parseSettings(settingsSchema(), { loss: settings }, 'c.json')).toEqual({ loss: settings });
  const loss = makeLoss(settings, { numClasses: 3, embeddingSize: 2, seed: 1 });
  expect(loss.getConfig()).toEqual({
    loss: 'ScaledLoss',
    scale: 12,
    numClasses: 3,
    embeddingSize: 2,
    seed: 1,
  });
  loss.dispose();
});

it('loads a loss from a package installed in the working folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'openset-package-'));
  const installed = join(folder, 'node_modules', 'some-losses');
  await mkdir(installed, { recursive: true });
  await writeFile(
    join(installed, 'package.json'),
    '{"name": "some-losses", "type": "module", "exports": "./x.js"}',
  );
  await writeFile(
    join(installed, 'x.js'),
    `export const thatDescriptor = {
      name: 'ThatLoss', words: {}, options: {}, create: () => ({ name: 'ThatLoss', dispose() {} }),
    };`,
  );
  const before = process.cwd();
  process.chdir(folder);
  try {
    const { name } = await loadLossModule('some-losses#thatDescriptor');
    expect(name).toBe('ThatLoss');
    expect(lossFor('some-losses#thatDescriptor', 10)).toEqual({
      loss: 'ThatLoss',
      module: 'some-losses#thatDescriptor',
    });
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true });
  }
});

it.each([
  ['#X', /'#X' names no loss of a module\. Write MODULE#EXPORT, such as \.\/my-loss\.js#MyLoss\./],
  [`${file}#`, /Write MODULE#EXPORT/],
  ['./nowhere.ts#X', /Cannot load a loss from '.*nowhere\.ts': the file does not exist/],
  ['no-such-package#X', /Cannot load 'no-such-package': /],
  [
    `${file}#ScaledLosss`,
    /has no export 'ScaledLosss'\. Did you mean 'ScaledLoss'\? It exports .*scaledDescriptor/,
  ],
  [`${file}#ScaledLos`, /no descriptor for the class 'ScaledLos', only for .*Did you mean 'ScaledLoss'\?/],
  [`${file}#wrongDescriptor`, /descriptor of 'WrongLoss' creates a loss named 'ScaledLoss'/],
  [`${file}#takenDescriptor`, /another loss has the name 'CosFaceLoss'/],
  [`${withoutLoss}#PlainLoss`, /exports 'PlainLoss', but no LossDescriptor/],
])('rejects %s', async (reference, message) => {
  expect(isModuleReference(reference)).toBe(true);
  const attempt = loadLossModule(reference);
  await expect(attempt).rejects.toThrow(ConfigError);
  await expect(attempt).rejects.toThrow(message);
});

it('suggests the nearest word', () => {
  expect(() => lossFor('cosfase', 10)).toThrow(
    /no loss 'cosfase'\. Did you mean 'cosface'\? Losses: adaface, arcface, /,
  );
});
