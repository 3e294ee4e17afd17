import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackbone, toPyTorchState } from '@openset/backbones';
import {
  ConfigError,
  DataError,
  decodeSafetensors,
  encodeSafetensors,
  type PlainTensor,
} from '@openset/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { smallNetwork, writeSmallModel } from '../__fixtures__/small-model.ts';
import { writeTinyGraph } from '../__fixtures__/tiny-graph-file.ts';
import { useBackend } from '../backends.ts';
import { networkFor } from '../config/network-schema.ts';
import { loadModel } from '../model/load-model.ts';
import type { Output } from '../output.ts';
import { type TrainOptions, type TrainResult, train } from './train.ts';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-start-'));
  await useBackend('cpu');
  await writePeople(at('faces'), { people: 8, images: 4 });
  await writeSmallModel({ model: at('small.safetensors'), weights: at('torch.safetensors') });
  await writeTinyGraph(at('graph.json'));
  const common = { batchSize: 8, backend: 'cpu', featureCache: 'off' };
  await writeFile(at('plain.json'), JSON.stringify(common));
  await writeFile(at('network.json'), JSON.stringify({ ...common, network: smallNetwork }));
  const wider = { ...smallNetwork, width: 5 };
  await writeFile(at('wider.json'), JSON.stringify({ ...common, network: wider }));
});
afterAll(() => rm(folder, { recursive: true }));

let runs = 0;
async function run(options: Partial<TrainOptions>) {
  const out = at(`run-${runs++}`);
  const given = { data: at('faces'), config: at('plain.json'), steps: 2, out, ...options };
  const output = recordOutput();
  const { data } = await train(given, output);
  const file = decodeSafetensors(await readFile((data as TrainResult).model!));
  const config = JSON.parse(await readFile(join(out, 'config.json'), 'utf8'));
  return { out, tensors: file.tensors, config, lines: output.lines.join('\n') };
}

const initial = async (path: string) => decodeSafetensors(await readFile(path)).tensors;

/** Returns the names of tensors whose values differ. */
function changed(
  before: Readonly<Record<string, PlainTensor>>,
  after: Readonly<Record<string, PlainTensor>>,
): string[] {
  return Object.keys(after).filter((name) => `${before[name]?.data}` !== `${after[name]!.data}`);
}

describe('train --init', () => {
  it('starts from a model, with its network, and records the file and its hash', async () => {
    const { config, tensors, lines } = await run({ init: at('small.safetensors') });
    expect(config.network).toMatchObject({ backbone: 'small-cnn', width: 4, inputSize: [16, 16] });
    expect(config.network.init.path).toBe(at('small.safetensors'));
    expect(config.network.init.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(lines).toContain(`weights of ${at('small.safetensors')}`);
    const from = await initial(at('small.safetensors'));
    // Two steps at a small rate hardly move a weight.
    const [mine, theirs] = [tensors['conv1.weight']!.data, from['conv1.weight']!.data];
    expect(Math.max(...mine.map((value, index) => Math.abs(value - theirs[index]!)))).toBeLessThan(0.1);
  });

  it('freezes all but the embedding layer, with the running statistics', async () => {
    const options = { init: at('small.safetensors'), freeze: 'backbone' } as const;
    const { tensors, lines, config } = await run({ ...options, steps: 4 });
    const names = changed(await initial(at('small.safetensors')), tensors);
    expect(names.sort()).toEqual([
      'bn_fc.bias',
      'bn_fc.running_mean',
      'bn_fc.running_var',
      'bn_fc.weight',
      'fc.weight',
    ]);
    expect(config.network.freeze).toBe('backbone');
    expect(lines).toContain('frozen');
  });

  it.each([
    ['frozen stages', () => ({ init: at('small.safetensors'), freeze: 2 })],
    ['a graph model', () => ({ backbone: `graph:${at('graph.json')}#embedding`, freeze: 1 })],
  ])('resumes %s bit for bit', async (_, options) => {
    const whole = await run({ ...options(), steps: undefined, epochs: 4 });
    const controller = new AbortController();
    const stopping: Output = {
      ...recordOutput(),
      stream: {
        write: (line) => {
          if (line.startsWith('epoch 2 done')) controller.abort(new Error('stop'));
        },
      },
    };
    const given = { ...options(), data: at('faces'), config: at('plain.json'), epochs: 4 };
    const out = at(`run-${runs++}`);
    await train({ ...given, out, signal: controller.signal }, stopping);
    const { data } = await train({ out, resume: true }, recordOutput());
    const bytes = await readFile((data as TrainResult).model!);
    expect(bytes.equals(await readFile(join(whole.out, 'model.safetensors')))).toBe(true);
  });

  it('freezes the first stages', async () => {
    const { tensors } = await run({ init: at('small.safetensors'), freeze: 2 });
    const names = changed(await initial(at('small.safetensors')), tensors);
    expect(names.filter((name) => /^(conv|bn|prelu)[12]\./.test(name))).toEqual([]);
    expect(names).toContain('conv3.weight');
  });

  it.each(['', 'backbone.', 'module.', 'module.backbone.'])(
    'takes PyTorch weights whose names begin with %j',
    async (prefix) => {
      const backbone = createBackbone({ ...smallNetwork, seed: 9 });
      const state = await toPyTorchState(backbone);
      backbone.dispose();
      const prefixed = Object.entries(state).map(([name, tensor]) => [`${prefix}${name}`, tensor]);
      const head = { shape: [2], dtype: 'float32', data: new Float32Array(2) } as const;
      const tensors = { ...Object.fromEntries(prefixed), ...(prefix ? { 'module.head.bias': head } : {}) };
      await writeFile(at('prefixed.safetensors'), encodeSafetensors({ tensors }));
      const started = run({
        init: at('prefixed.safetensors'),
        config: at('network.json'),
        freeze: 'backbone',
      });
      if (prefix === 'module.') {
        await expect(started).rejects.toThrow('1 unexpected (head.bias)');
        return;
      }
      // The model has tfjs's layouts: vectors are the same in both.
      const { tensors: trained } = await started;
      expect(trained['bn1.running_var']!.data).toEqual(state['bn1.running_var']!.data);
      expect(trained['prelu3.weight']!.data.join()).toBe(state['prelu3.weight']!.data.join());
    },
  );

  it('says what does not fit', async () => {
    const init = at('small.safetensors');
    await expect(run({ init, config: at('wider.json') })).rejects.toThrow(
      /small\.safetensors: small-cnn: state tensor 'conv1\.weight' must be float32 \[3, 3, 3, 5\], but is float32 \[3, 3, 3, 4\]/,
    );
    await expect(run({ init: at('torch.safetensors'), config: at('wider.json') })).rejects.toThrow(
      /torch\.safetensors: These weights do not fit small-cnn: .* of a wrong shape/,
    );
    await expect(run({ init: at('torch.safetensors') })).rejects.toThrow('which do not say what network');
    await expect(run({ init: at('nothing') })).rejects.toThrow("There are no initial weights '");
    await expect(run({ init: at('plain.json') })).rejects.toThrow('--init takes a model of openset');
    await expect(run({ init, freeze: 4 })).rejects.toThrow('the network has 3 stages');
    await expect(run({ freeze: 1 })).rejects.toThrow('--freeze needs weights to keep');
    await expect(run({ freeze: 1, config: at('network.json') })).rejects.toThrow(
      '--freeze needs weights to keep',
    );
  });

  it('does not resume with other initial weights', async () => {
    await writeSmallModel({ model: at('moved.safetensors'), weights: at('unused.safetensors') });
    const { out } = await run({ init: at('moved.safetensors') });
    await writeFile(at('moved.safetensors'), await readFile(at('prefixed.safetensors')));
    const resumed = train({ out, resume: true }, recordOutput());
    await expect(resumed).rejects.toThrow(/has changed since the run started/);
    await expect(train({ out, resume: true, freeze: 1 }, recordOutput())).rejects.toThrow('Remove --freeze');
  });
});

describe('train --backbone', () => {
  it('trains a head on a tfjs graph model, and the model file contains the graph', async () => {
    const backbone = `graph:${at('graph.json')}#embedding`;
    const { out, config, lines } = await run({ backbone, inputRange: [0, 1] });
    expect(config.network).toMatchObject({
      backbone: 'graph',
      source: `${at('graph.json')}#embedding`,
      inputRange: [0, 1],
      inputSize: [6, 6],
      channels: 1,
      head: 512,
      freeze: 'backbone',
    });
    expect(lines).toContain('head of 512 numbers, frozen');
    const model = await loadModel(join(out, 'model.safetensors'));
    expect(model.backbone.embeddingSize).toBe(512);
    expect(model.backbone.getConfig()).toMatchObject({ backbone: 'graph', name: 'graph', head: 512 });
    model.dispose();
    // The model is a start again, now trained as a whole, without the graph's files.
    const again = await run({ init: out });
    expect(again.config.network).toMatchObject({ backbone: 'graph', head: 512, freeze: 0 });
    expect(changed(await initial(join(out, 'model.safetensors')), again.tensors)).toContain(
      'graph/conv2/filters',
    );
    const last = await run({ init: out, freeze: 1 });
    const names = changed(await initial(join(out, 'model.safetensors')), last.tensors);
    expect(names).not.toContain('graph/conv1/filters');
    expect(names).toContain('graph/conv2/filters');
  });

  it('says what is wrong with a word, a node or a file', async () => {
    expect(() => networkFor('facerez')).toThrow(/no network 'facerez'\. Did you mean 'faceres'\?/);
    expect(() => networkFor('graph:model.json')).toThrow("'model.json' names no output node");
    await expect(run({ backbone: `graph:${at('graph.json')}#embeding` })).rejects.toThrow(
      "Did you mean 'embedding'?",
    );
    await expect(run({ backbone: `graph:${at('none.json')}#x` })).rejects.toThrow(DataError);
    await expect(run({ backbone: 'small-cnn', inputRange: [0, 1] })).rejects.toThrow(ConfigError);
    await expect(run({ init: 'faceres', backbone: 'small-cnn' })).rejects.toThrow('is a network of its own');
  });
});
