import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel, operatingPoints } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { useBackend } from '../backends.ts';
import type { Settings } from '../config/settings.ts';
import type { Output } from '../output.ts';
import { type TrainOptions, type TrainResult, train } from './train.ts';

let folder: string;
const small: Settings = {
  network: { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 },
  batchSize: 8,
  backend: 'cpu',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-train-'));
  await writePeople(join(folder, 'faces'), { people: 8, images: 4 });
  await writePeople(join(folder, 'one'), { people: 1, images: 4 });
  await writeFile(join(folder, 'small.json'), JSON.stringify(small));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (...path: string[]) => join(folder, ...path);

async function run(options: Partial<TrainOptions>, output: Output = recordOutput()) {
  const given = { data: at('faces'), config: at('small.json'), ...options };
  const result = await train({ out: at('run'), ...given }, output);
  return { ...result, data: result.data as TrainResult };
}

async function readModel(path: string) {
  const { description, state } = decodeModel(await readFile(path));
  tf.dispose(state);
  return description;
}

describe('train', () => {
  it('trains UniTSFace over AdaFace, and resumes it', async () => {
    const output = recordOutput();
    const combination = { loss: 'unitsface', classLoss: 'adaface' };
    const { data } = await run({ out: at('over-adaface'), ...combination, steps: 6 }, output);
    expect(output.lines[0]).toContain(
      'UniTSFaceLoss (scale 32, margin 0.1) with AdaFaceLoss (scale 32, margin 0.2)',
    );
    expect(data.learnedThreshold).toMatchObject({ between: 'embeddings' });
    const config = JSON.parse(await readFile(at('over-adaface', 'config.json'), 'utf8'));
    expect(config.loss).toEqual({
      loss: 'UniTSFaceLoss',
      scale: 32,
      margin: 0.1,
      startEpoch: 1,
      classLoss: { loss: 'AdaFaceLoss', scale: 32, margin: 0.2 },
    });
    const again = { out: at('over-adaface'), resume: true };
    expect((await train(again, recordOutput())).data).toMatchObject({ step: data.step });
    await expect(train({ ...again, classLoss: 'cosface' }, recordOutput())).rejects.toThrow(
      /Remove --class-loss\.$/,
    );
  });

  it('refuses a class loss that the loss cannot build on, before it reads images', async () => {
    const refused = (options: Partial<TrainOptions>) => run({ out: at('refused'), steps: 1, ...options });
    await expect(refused({ loss: 'epl', classLoss: 'vpl' })).rejects.toThrow(
      /VplLoss cannot score a second bank, because it has a memory of its own for each class\.$/,
    );
    await expect(refused({ loss: 'cosface', classLoss: 'adaface' })).rejects.toThrow(
      /^--class-loss adaface needs a loss that takes a class loss, but CosFaceLoss takes none\. Use --loss unitsface or epl\.$/,
    );
  });

  it('chooses settings, prints them, trains, and writes a model with its threshold and a report', async () => {
    const output = recordOutput();
    await useBackend('cpu');
    const before = tf.memory().numTensors;
    const { data, text } = await run({ out: at('whole'), steps: 12 }, output);
    expect(tf.memory().numTensors).toBe(before);
    const [choices = '', length] = output.lines;
    expect(choices.split('\n')).toEqual([
      'images         32 images of 8 people, colour, about 24 pixels wide',
      'training       24 images of 6 people',
      'evaluation     24 pairs of 2 people held out',
      'network        small-cnn, width 4, embedding size 8, input 16 × 16',
      'loss           UniTSFaceLoss (scale 32, margin 0.1) with CosFaceLoss (scale 32, margin 0.2)',
      'batch size     8',
      'learning rate  0.0125, cosine',
      'seed           1',
      'backend        cpu, 1 thread',
    ]);
    expect(length).toBe('steps          12, 4.0 epochs\ncheckpoint     every 2 steps');
    expect((await readdir(at('whole'))).sort()).toEqual([
      'checkpoints',
      'config.json',
      'data.json',
      'events.jsonl',
      'images.jsonl',
      'model.safetensors',
      'report.html',
      'tensorboard',
    ]);
    expect(data).toMatchObject({ stopped: false, model: at('whole', 'model.safetensors') });
    expect(data.measured).toMatchObject({ same: 12, different: 12, threshold: data.threshold });
    const description = await readModel(data.model!);
    expect(description).toMatchObject({
      threshold: data.threshold,
      thresholdSource: data.thresholdSource,
      question: data.question,
      learnedThreshold: { between: 'embeddings', scale: 32, comparisons: 5 },
      flipSum: true,
      loss: { loss: 'UniTSFaceLoss', numClasses: 6, startEpoch: 2 },
    });
    expect(description.calibration).not.toBeNull();
    expect(text.split('\n').map((line) => line.split('  ')[0])).toEqual([
      'model',
      'threshold',
      'threshold for',
      'accuracy',
      'best accuracy',
      'warning',
      'learned threshold',
      'report',
    ]);
    // Two people are too few for an estimate.
    expect(description).toMatchObject({
      thresholdSource: 'closed-form',
      question: { kind: 'pair', odds: 1 },
    });
    expect(data.warnings).toEqual([expect.stringMatching(/^fewer than 20 people outside training: /)]);
    expect(text).toMatch(
      /accuracy .* % on 24 pairs of 2 people held out\nbest accuracy .*, in hindsight; the threshold loses \d+\.\d points\n/,
    );
    const report = await readFile(data.report!, 'utf8');
    expect(report.match(/<svg/g)).toHaveLength(4);
    expect(report).toContain('2 people held out.');
    expect(report).toContain('Warning: fewer than 20 people outside training');
  });

  it.each([
    ['cosface', null],
    ['bce-unified', 'embedding and class'],
  ] as const)(
    'estimates the threshold of %s, which learns none between two embeddings, on the people held out',
    async (loss, between) => {
      const { data, text } = await run({ out: at(loss), loss, steps: 6 });
      expect(data.thresholdSource).toBe('held-out');
      const { slope, offset } = data.calibration!;
      expect(data.threshold).toBeCloseTo(-offset / slope, 12);
      expect(text).toMatch(/^warning +only 2 people were held out: /m);
      expect(data.learnedThreshold?.between ?? null).toBe(between);
      expect(text).toMatch(
        between ? /^learned threshold .*, not between two embeddings$/m : /^learned threshold +none$/m,
      );
    },
  );

  it('estimates the threshold on 20 people of 40, with its interval and thresholds for galleries', async () => {
    await writePeople(at('forty'), { people: 40, images: 2 });
    const output = recordOutput();
    const { data, text } = await run({ out: at('trusted'), data: at('forty'), steps: 4 }, output);
    expect(output.lines[0]).toContain('\nevaluation     40 pairs of 20 people held out\n');
    const description = await readModel(data.model!);
    expect(description).toMatchObject({
      thresholdSource: 'held-out',
      thresholdPeople: 20,
      question: { kind: 'pair', odds: 1 },
    });
    const { threshold, thresholdInterval, galleryThresholds } = description;
    expect(thresholdInterval!.low).toBeLessThan(threshold);
    expect(thresholdInterval!.high).toBeGreaterThan(threshold);
    expect(galleryThresholds![0]).toMatchObject({ people: 1 });
    expect(operatingPoints(galleryThresholds, 1)[0]).toMatchObject({
      falseAlarms: 0.1,
      isExtrapolated: false,
    });
    expect(text).not.toMatch(/^warning +(only|fewer)/m);
    const config = JSON.parse(await readFile(at('trusted', 'config.json'), 'utf8'));
    expect(config).toMatchObject({ heldOut: 20, maxImagesPerPerson: 50 });
  });

  it('holds out a share as before, and resumes a run of a version that took all images of a person', async () => {
    const { data } = await run({ out: at('share'), steps: 2, heldOut: 0.4 });
    expect(data.measured).toMatchObject({ same: 18, different: 18 });
    const path = at('share', 'config.json');
    const { maxImagesPerPerson, ...older } = JSON.parse(await readFile(path, 'utf8'));
    expect([older.heldOut, maxImagesPerPerson]).toEqual([0.4, 50]);
    await writeFile(path, JSON.stringify(older));
    await run({ out: at('share'), config: undefined, data: undefined, resume: true });
    const resumed = { out: at('share'), resume: true, printConfig: true };
    const printed = await run({ ...resumed, config: undefined, data: undefined });
    expect(printed.data).toMatchObject({ heldOut: 0.4, maxImagesPerPerson: null });
  });

  it('uses at most so many images of a person in an epoch, names the person, and resumes exactly', async () => {
    await writePeople(at('uneven'), { people: 8, images: 3 });
    await writePeople(at('uneven'), { people: 1, images: 40, first: 0 });
    const capped = { data: at('uneven'), maxImagesPerPerson: 6, epochs: 4 };
    const output = recordOutput();
    const whole = await run({ ...capped, out: at('capped') }, output);
    const config = JSON.parse(await readFile(at('capped', 'config.json'), 'utf8'));
    expect(config.maxImagesPerPerson).toBe(6);
    const { length } = output.lines.filter((line) => /^warning +'person-0' has 40 images of/m.test(line));
    const isHeldOut = /^training +18 images/m.test(output.lines[0]!);
    expect(length).toBe(isHeldOut ? 0 : 1);
    // 6 + 5 · 3 images in an epoch, in batches of 8.
    expect(output.lines.join('\n')).toMatch(/^steps +8, 4\.0 epochs$/m);
    const controller = new AbortController();
    const stopping: Output = {
      ...recordOutput(),
      stream: {
        write: (line) => {
          if (line.startsWith('epoch 2 done')) controller.abort(new Error('stop'));
        },
      },
    };
    await run({ ...capped, out: at('capped-broken'), signal: controller.signal }, stopping);
    const again = { out: at('capped-broken'), config: undefined, data: undefined, resume: true };
    const resumed = await run(again);
    expect(await readFile(resumed.data.model!)).toEqual(await readFile(whole.data.model!));
  });

  it('converts minutes to steps, and repeats the run from its configuration', async () => {
    const first = await run({ out: at('timed'), minutes: 0.01 });
    const config = JSON.parse(await readFile(at('timed', 'config.json'), 'utf8'));
    expect(config.minutes).toBeUndefined();
    expect(config.steps).toBeGreaterThanOrEqual(10);
    const { data } = await run({ out: at('again'), config: at('timed', 'config.json'), data: undefined });
    expect(await readFile(data.model!)).toEqual(await readFile(first.data.model!));
  });

  it('stops at the signal, and resumes to the same model', async () => {
    const whole = await run({ out: at('straight'), epochs: 4 });
    const controller = new AbortController();
    const output = recordOutput();
    const stopping: Output = {
      ...output,
      stream: {
        write: (line) => {
          if (line.startsWith('epoch 2 done')) controller.abort(new Error('stop'));
        },
      },
    };
    const stopped = await run({ out: at('broken'), epochs: 4, signal: controller.signal }, stopping);
    expect(stopped).toMatchObject({ exitCode: 130, data: { stopped: true, folder: at('broken') } });
    expect(await readdir(at('broken'))).not.toContain('model.safetensors');
    const resumed = await run({ out: at('broken'), config: undefined, data: undefined, resume: true });
    expect(await readFile(resumed.data.model!)).toEqual(await readFile(whole.data.model!));
    // Resuming a finished run trains nothing.
    const again = await run({ out: at('broken'), config: undefined, data: undefined, resume: true });
    expect(await readFile(again.data.model!)).toEqual(await readFile(whole.data.model!));
  });

  it('writes nothing if it is stopped before training starts', async () => {
    const reason = new Error('stop');
    const stopped = await run({ out: at('never'), minutes: 1, signal: AbortSignal.abort(reason) });
    expect(stopped).toMatchObject({ exitCode: 130, data: { stopped: true } });
    expect(await readdir(folder)).not.toContain('never');
  });

  it('evaluates on given pairs and trains on everybody', async () => {
    const path = (person: number, image: number) => `faces/person-${person}/image-${image}.png`;
    const lines = [0, 1, 2].flatMap((n) => [
      `${path(n, 0)},${path(n, 1)},1`,
      `${path(n, 0)},${path(n + 1, 1)},0`,
    ]);
    await writeFile(at('pairs.csv'), `${lines.join('\n')}\n`);
    const output = recordOutput();
    const { data, text } = await run({ out: at('paired'), steps: 4, pairs: at('pairs.csv') }, output);
    // The first images of three people and the second images of four.
    const seen = '7 images of the pairs are also trained on, so accuracy on other people will be lower.';
    expect(output.lines[0]!.split('\n').slice(1, 4)).toEqual([
      'training       32 images of 8 people',
      `evaluation     6 pairs of '${at('pairs.csv')}'`,
      `warning        ${seen}`,
    ]);
    expect(data.measured).toMatchObject({ same: 3, different: 3 });
    expect(text).toContain(`% on 6 pairs of '${at('pairs.csv')}'\n`);
    expect(text).toContain(seen);
    const report = await readFile(data.report!, 'utf8');
    expect(report).toContain(seen);
    expect(report).not.toContain('held out from training');
  });

  it('claims nothing about pairs of other images, because they may show the same people', async () => {
    await writePeople(at('others'), { people: 2, images: 2, first: 20 });
    const path = (person: number, image: number) => `others/person-${person}/image-${image}.png`;
    const lines = [`${path(20, 0)},${path(20, 1)},1`, `${path(20, 0)},${path(21, 1)},0`];
    await writeFile(at('others.csv'), lines.join('\n'));
    const output = recordOutput();
    const { data, text } = await run({ out: at('judged'), steps: 2, pairs: at('others.csv') }, output);
    expect([...output.lines, text].join()).not.toMatch(/also trained on|held out/);
    expect(await readFile(data.report!, 'utf8')).toContain('It is evaluated on the pairs in ');
  });

  it('stores no probabilities if the model is worse than chance on the pairs, and says so', async () => {
    const path = (person: number, image: number) => `faces/person-${person}/image-${image}.png`;
    // The labels are swapped.
    const lines = [0, 1, 2].flatMap((n) => [
      `${path(n, 0)},${path(n, 1)},0`,
      `${path(n, 0)},${path(n + 1, 1)},1`,
    ]);
    await writeFile(at('swapped.csv'), lines.join('\n'));
    const output = recordOutput();
    const { data, text } = await run({ out: at('worse'), steps: 2, pairs: at('swapped.csv') }, output);
    expect(data.calibration).toBeNull();
    expect((await readModel(data.model!)).calibration).toBeNull();
    const notices = output.lines.filter((line) =>
      line.startsWith('On these pairs, a higher cosine does not mean'),
    );
    expect(notices).toHaveLength(1);
    const report = await readFile(data.report!, 'utf8');
    expect([...output.lines, text, report].join()).not.toMatch(/NaN|Infinity/);
  });

  it('warns about an image under two people', async () => {
    cpSync(at('faces'), at('copies'), { recursive: true });
    cpSync(at('faces', 'person-2', 'image-1.png'), at('copies', 'person-6', 'image-3.png'));
    const output = recordOutput();
    await run({ out: at('with-copies'), data: at('copies'), steps: 1 }, output);
    expect(output.lines.filter((line) => line.startsWith('warning'))).toEqual([
      "warning: 1 image is under two people: 'person-2/image-1.png' (person-2) = 'person-6/image-3.png' (person-6)",
    ]);
  });

  it('needs no pairs for a loss that learns its threshold', async () => {
    const { data, text } = await run({ out: at('alone'), epochs: 4, heldOut: 0 });
    expect(data).toMatchObject({ thresholdSource: 'closed-form', measured: null });
    // 8 people: each image is compared with 7 others.
    const { cosine } = data.learnedThreshold!;
    expect(data.threshold).toBeLessThan(cosine);
    expect(text).not.toContain('accuracy');
    expect((await readModel(data.model!)).calibration).toBeNull();
  });

  it('prints the configuration and writes nothing', async () => {
    const { data, text } = await run({ out: at('printed'), printConfig: true, minutes: 3 });
    expect(JSON.parse(text)).toEqual(data);
    expect(data).toMatchObject({ data: at('faces'), minutes: 3, network: { backbone: 'small-cnn' } });
    expect(await readdir(folder)).not.toContain('printed');
  });
});

describe('train rejects', () => {
  it.each<[string, Partial<TrainOptions>, RegExp]>([
    [
      'nothing to train on',
      { data: undefined },
      /^There is nothing to train on\. Name the images with --data\.$/,
    ],
    ['data that do not exist', { data: 'nowhere' }, /^There is no file or folder '.*nowhere'\.$/],
    ['a folder of one class', { data: join('one') }, /one' has images of only one person/],
    [
      'a configuration that does not exist',
      { config: 'nowhere.json' },
      /^There is no configuration file 'nowhere\.json'\.$/,
    ],
    ['a run that does not exist', { resume: true, config: undefined }, /has no run to resume: there is no /],
    ['other settings for a resumed run', { resume: true, heldOut: 0.2 }, /Remove --config, --held-out\.$/],
    [
      'a loss without a threshold if nobody is held out',
      { preset: 'r50-casia-epl', config: undefined, backend: 'cpu' },
      /^EplLoss learns no threshold between two embeddings, .* Give --pairs FILE/,
    ],
    [
      'a folder that cannot be created',
      { out: join('small.json', 'run') },
      /small\.json' is not a folder\.$/,
    ],
  ])('%s', async (_, options, message) => {
    const full = {
      ...options,
      ...(options.data === 'one' ? { data: at('one') } : {}),
      out: at(options.out ?? 'refused'),
    };
    await expect(run({ steps: options.resume ? undefined : 2, ...full })).rejects.toThrow(message);
    expect(await readdir(folder)).not.toContain('refused');
  });

  it('a batch size above the number of images', async () => {
    await writeFile(at('large.json'), JSON.stringify({ ...small, batchSize: 64 }));
    await expect(run({ config: at('large.json'), steps: 2, out: at('refused') })).rejects.toThrow(
      /^batchSize is 64, but there are 24 images to train on/,
    );
  });

  it('a folder that has a run', async () => {
    await run({ out: at('taken'), steps: 2 });
    await expect(run({ out: at('taken'), steps: 2 })).rejects.toThrow(
      /already has a run\. Resume it with --resume/,
    );
  });

  it('to resume with other images, because it would train on people held out', async () => {
    await writePeople(at('growing'), { people: 8, images: 2 });
    await run({ data: at('growing'), out: at('grown'), steps: 2 });
    await writePeople(at('growing'), { people: 1, images: 2, first: 8 });
    const resumed = { data: undefined, config: undefined, out: at('grown'), resume: true };
    // Older versions wrote no list of the images.
    await rm(at('grown', 'images.jsonl'));
    await expect(run(resumed)).rejects.toThrow(
      /growing' has changed since the run started: it had 16 images of 8 people, now it has 18 images of 9 people\./,
    );
    await rm(at('growing', 'person-8'), { recursive: true });
    expect((await run(resumed)).data.stopped).toBe(false);
  });

  it('a folder that another run claims in the meantime', async () => {
    const begin = async (name: string, other: () => void) => {
      const output = recordOutput();
      const note = (line: string) => {
        if (line.startsWith('steps ')) other();
      };
      await run({ out: at(name), steps: 2 }, { ...output, note });
    };
    const beginning = begin('shared', () => {
      mkdirSync(at('shared'));
      writeFileSync(at('shared', 'config.json'), 'of the other run');
    });
    await expect(beginning).rejects.toThrow(/shared' already has a run\. Resume it with --resume/);
    expect(await readFile(at('shared', 'config.json'), 'utf8')).toBe('of the other run');
    await run({ out: at('saved'), steps: 2 });
    const saved = begin('mixed', () => {
      mkdirSync(at('mixed'));
      cpSync(at('saved', 'checkpoints'), at('mixed', 'checkpoints'), { recursive: true });
    });
    await expect(saved).rejects.toThrow(/The store of a new run holds checkpoints /);
  });

  it('a folder with other files', async () => {
    await expect(run({ out: at('faces'), steps: 2 })).rejects.toThrow(
      /is not empty, but a run needs an empty folder/,
    );
  });

  it('an invalid configuration', async () => {
    await writeFile(at('wrong.json'), '{"epocs": 1, "seed": "x"}');
    await expect(run({ config: at('wrong.json') })).rejects.toThrow(
      /seed must be a number.*\n.*has no 'epocs'/,
    );
    await writeFile(at('wrong.json'), 'epochs: 1');
    await expect(run({ config: at('wrong.json') })).rejects.toThrow(/wrong\.json is not JSON: /);
  });

  it('an unreadable image, before anything is written', async () => {
    await writePeople(at('damaged'), { people: 8, images: 2 });
    await writeFile(at('damaged', 'person-3', 'image-1.png'), 'not an image');
    await expect(run({ data: at('damaged'), steps: 2, out: at('refused') })).rejects.toThrow(
      /person-3\/image-1\.png: cannot decode the image/,
    );
    expect(await readdir(folder)).not.toContain('refused');
  });

  it('a checkpoint of another network', async () => {
    await run({ out: at('foreign'), steps: 2 });
    const path = at('foreign', 'config.json');
    const config = JSON.parse(await readFile(path, 'utf8'));
    config.network.width = 5;
    await writeFile(path, JSON.stringify(config));
    await expect(run({ out: at('foreign'), config: undefined, resume: true })).rejects.toThrow(
      /'conv1\.weight' must be float32 \[3, 3, 3, 5\], but is float32 \[3, 3, 3, 4\]/,
    );
  });
});
