import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { pretrainedNetworks } from '@openset/pretrained';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { chooseModel } from './choose-model.ts';
import { ownModel } from './own-model.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-choose-'));
  await mkdir(join(folder, 'trained/openset-run'), { recursive: true });
  await writeFile(join(folder, 'trained', ownModel), '');
});
afterAll(() => rm(folder, { recursive: true }));

it('takes the model that was given, whatever there is', async () => {
  const output = recordOutput();
  expect(await chooseModel('mine.safetensors', output, { folder: join(folder, 'trained') })).toBe(
    'mine.safetensors',
  );
  expect(output.lines).toEqual([]);
});

it("prefers the user's own model", async () => {
  const output = recordOutput();
  const trained = join(folder, 'trained');
  expect(await chooseModel(undefined, output, { folder: trained })).toBe(join(trained, ownModel));
  expect(output.lines).toEqual([]);
});

it('falls back on faceres, and says where its threshold comes from', async () => {
  const output = recordOutput();
  expect(await chooseModel(undefined, output, { folder })).toBe('faceres');
  expect(output.lines).toEqual([
    expect.stringMatching(
      /^model: faceres of @vladmandic\/human, pair threshold 0\.\d{3}, measured on .*\(docs\/studies\/faceres-threshold\.md\)$/,
    ),
  ]);
});

it('names the package to install if there is neither', async () => {
  const network = { ...pretrainedNetworks.faceres!, package: '@openset/absent-models' };
  const missing = chooseModel(undefined, recordOutput(), { folder, network });
  await expect(missing).rejects.toThrow(DataError);
  await expect(missing).rejects.toThrow("Install it with 'npm install @openset/absent-models'");
});
