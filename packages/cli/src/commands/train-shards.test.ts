import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, decodeSafetensors } from '@openset/core';
import { checkSameOnAllRanks, dataParallel, type GradientWire, inProcess } from '@openset/distributed';
import { readLatestCheckpoint } from '@openset/train/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { useBackend } from '../backends.ts';
import type { RunRanks } from '../ranks/run-ranks.ts';
import { type TrainOptions, train } from './train.ts';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-train-shards-'));
  await useBackend('cpu');
  await writePeople(at('faces'), { people: 8, images: 4, side: 16 });
  const settings = {
    network: { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 },
    ...{
      batchSize: 16,
      heldOut: 3,
      loss: { loss: 'BceUnifiedLoss' },
      evaluateEvery: { steps: 2 },
      align: false,
    },
  };
  await writeFile(at('settings.json'), JSON.stringify(settings));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the command on several ranks of this process. Returns the lines of rank 0. */
async function trainOn(size: number, options: Partial<TrainOptions>): Promise<string[]> {
  const outputs = Array.from({ length: size }, recordOutput);
  const chosen = options.resume ? {} : { data: at('faces'), config: at('settings.json'), steps: 4 };
  const given = { backend: 'cpu', out: at('run'), ...chosen, ...options } as const;
  const ends = await Promise.allSettled(
    inProcess(size).map((communicator) => {
      const makeRanks = (wire: GradientWire): RunRanks => ({
        ...dataParallel(communicator, { wire }),
        hosts: Array.from({ length: size }, () => 'here'),
        localCount: size,
        withGradientWire: makeRanks,
        checkSame: (facts) => checkSameOnAllRanks(communicator, facts),
      });
      const ranks = size > 1 ? makeRanks('float32') : null;
      return train({ ...given, ranks }, outputs[communicator.rank]!);
    }),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return outputs[0]!.lines;
}

it('each rank holds and saves a part of the classes; any number of ranks resumes, or one process', async () => {
  const lines = await trainOn(3, { shardClasses: true });
  expect(lines).toContain('each of 3 ranks holds 1 or 2 of 5 classes');
  const checkpoint = (await readLatestCheckpoint(at('run', 'checkpoints')))!;
  expect((await readdir(checkpoint.name)).filter((name) => name.includes('-of-'))).toEqual(
    ['loss', 'optimizer'].flatMap((part) => [0, 1, 2].map((rank) => `${part}.${rank}-of-3.safetensors`)),
  );
  // Readers of checkpoints get whole tensors.
  const { weight } = decodeSafetensors(checkpoint.checkpoint.files['loss.safetensors']!).tensors;
  expect(weight!.shape).toEqual([5, 8]);
  const model = await readFile(at('run', 'model.safetensors'));
  expect(JSON.parse(await readFile(at('run', 'config.json'), 'utf8'))).toMatchObject({ shardClasses: true });

  // Nothing is left to train: each writes the model of the same checkpoint.
  for (const [size, options] of [
    [2, {}],
    [2, { shardClasses: false }],
    [1, {}],
  ] as const) {
    await rm(at('run', 'model.safetensors'));
    await trainOn(size, { resume: true, ...options });
    expect(await readFile(at('run', 'model.safetensors'))).toEqual(model);
  }
});

it('explains what cannot be sharded', async () => {
  const tooMany = trainOn(6, { shardClasses: true, out: at('many') });
  await expect(tooMany).rejects.toThrow(ConfigError);
  await expect(tooMany).rejects.toThrow(/has 5 classes, which 6 ranks cannot share/);
  const settings = JSON.parse(await readFile(at('settings.json'), 'utf8')) as object;
  await writeFile(at('tcm.json'), JSON.stringify({ ...settings, loss: { loss: 'TcmLoss' } }));
  await expect(trainOn(2, { shardClasses: true, config: at('tcm.json'), out: at('tcm') })).rejects.toThrow(
    new ConfigError(
      'The TcmLoss keeps nothing for each class that ranks could share. Remove --shard-classes, or choose another loss.',
    ),
  );
});
