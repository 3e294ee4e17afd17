import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeState } from '@openset/core';
import { Trainer } from '@openset/train';
import { readLatestCheckpoint } from '@openset/train/node';
import { decodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { writeGraph } from '../__fixtures__/graph-file.ts';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { useBackend } from '../backends.ts';
import type { Output } from '../output.ts';
import { embed } from './embed.ts';
import { type TrainOptions, type TrainResult, train } from './train.ts';

let folder: string;
/** Settings of a small head on a frozen network. */
let network: { readonly backbone: 'graph'; readonly source: string; readonly head: number };
const at = (...path: string[]) => join(folder, ...path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-head-'));
  await useBackend('cpu');
  await writePeople(at('faces'), { people: 12, images: 2, side: 16 });
  const source = (await writeGraph(at('graph'))).replace(/^graph:/, '');
  network = { backbone: 'graph', source, head: 16 };
  await writeFile(at('head.json'), JSON.stringify({ network }));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(options: Partial<TrainOptions>, output: Output = recordOutput()) {
  const choice = options.resume
    ? {}
    : { data: at('faces'), config: at('head.json'), loss: 'cosface', steps: 6, heldOut: 0.17, align: false };
  const common = { backend: 'cpu', featureCache: at('cache') } as const;
  const result = await train({ out: at('run'), ...choice, ...common, ...options }, output);
  return { ...result, data: result.data as TrainResult };
}

it('trains a head on features that are computed once, and writes a model of the whole network', async () => {
  const output = recordOutput();
  const before = tf.memory().numTensors;
  const whole = await run({ out: at('whole') }, output);
  expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
  expect(output.lines).toContain('features: 24 computed, 0 reused');
  expect(whole.data.baseline!.accuracy).toBe(1);
  // Two people are too few to hold out; five heads, each without two of the ten others, estimate the threshold.
  expect(whole.data).toMatchObject({ thresholdSource: 'cross-fit' });
  expect(output.lines).toContain('cross-fit: training head 5 of 5 without a part of the people …');
  expect(whole.data.measured!.accuracy.estimate).toBe(1);
  expect(whole.text).toMatch(/^frozen network {5}100\.0 % at best without the head/m);
  const { description, state } = decodeModel(await readFile(whole.data.model!));
  expect(description).toMatchObject({ backbone: { backbone: 'graph', head: 16 }, flipSum: true });
  tf.dispose(state);
  const config = JSON.parse(await readFile(at('whole', 'config.json'), 'utf8'));
  expect(config).toMatchObject({
    network: { backbone: 'graph', head: 16, inputSize: [16, 16], channels: 3 },
    augment: [{ kind: 'horizontal-flip' }],
    featureCache: at('cache'),
    steps: 6,
  });

  // Another run finds the features, and the same settings give the same bits.
  const again = recordOutput();
  const second = await run({ out: at('second') }, again);
  expect(again.lines).toContain('features: 0 computed, 24 reused');
  expect(await readFile(second.data.model!)).toEqual(await readFile(whole.data.model!));

  // So do other commands.
  const notes = recordOutput();
  const options = { out: at('faces.npz'), model: at('whole'), backend: 'cpu', align: false } as const;
  await embed(
    { ...options, paths: [at('faces', 'person-0', 'image-0.png')], featureCache: at('cache') },
    notes,
  );
  expect(notes.lines).toContain('features: 0 computed, 1 reused');
});

it('trains the heads of a cross-fit for as many steps as the head that is kept', async () => {
  const lengths: number[] = [];
  const iterate = Trainer.prototype[Symbol.asyncIterator];
  const spy = vi.spyOn(Trainer.prototype, Symbol.asyncIterator).mockImplementation(async function* (
    this: Trainer,
  ) {
    let steps = 0;
    try {
      for await (const event of iterate.call(this)) {
        if (event.kind === 'step') steps = event.step;
        yield event;
      }
    } finally {
      lengths.push(steps);
    }
  });
  await writeFile(at('early.json'), JSON.stringify({ network, evaluateEvery: { steps: 1 } }));
  const { data } = await run({ out: at('early'), config: at('early.json') });
  spy.mockRestore();
  // Otherwise the test shows nothing.
  expect(data.step).toBeLessThan(6);
  expect(lengths).toEqual([6, ...Array(5).fill(data.step)]);
});

it('takes no features of mirror images if the settings mirror none', async () => {
  await writeFile(at('plain.json'), JSON.stringify({ network, augment: [] }));
  const plain = await run({ out: at('plain'), config: at('plain.json'), steps: 2 });
  const { description, state } = decodeModel(await readFile(plain.data.model!));
  expect(description.flipSum).toBe(false);
  tf.dispose(state);
});

it('resumes to the same bits', async () => {
  const whole = await run({ out: at('straight') });
  const controller = new AbortController();
  const stopping: Output = {
    ...recordOutput(),
    stream: {
      write: (line) => {
        if (line.startsWith('epoch 2 done')) controller.abort(new Error('stop'));
      },
    },
  };
  const stopped = await run({ out: at('broken'), signal: controller.signal }, stopping);
  expect(stopped.data.stopped).toBe(true);
  const resumed = await run({ out: at('broken'), resume: true });
  expect(await readFile(resumed.data.model!)).toEqual(await readFile(whole.data.model!));
});

it('pulls pretrained weights that are trained further towards their start, but not a new head', async () => {
  await run({ out: at('tuned'), freeze: 0, steps: 2 });
  const config = JSON.parse(await readFile(at('tuned', 'config.json'), 'utf8'));
  expect(config.optimizer).toEqual({
    kind: 'sgd',
    momentum: 0.9,
    weightDecay: 0.01,
    weightDecayTowards: 'start',
  });
  expect(config.schedule.learningRate).toBe(0.001);
  const latest = await readLatestCheckpoint(at('tuned', 'checkpoints'));
  const state = decodeState(latest!.checkpoint.files['optimizer.safetensors']!);
  const anchored = Object.keys(state).filter((name) => name.endsWith('.start'));
  expect(anchored).toEqual(['backbone.0.start']);
  expect(state['backbone.0.start']!.shape).toEqual([4, 4, 3, 8]);
  tf.dispose(state);
});
