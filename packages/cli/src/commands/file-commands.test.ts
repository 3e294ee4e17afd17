import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { decodeSafetensors, encodeSafetensors } from '@openset/core';
import { readOnnxMetadata } from '@openset/onnx';
import { decodeModel, encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { describeModel, useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { exportModel } from './export.ts';
import { importWeights } from './import.ts';
import { info } from './info.ts';
import { modelInfo } from './model-info.ts';
import { verify } from './verify.ts';

const { folder, at, common, image, importOptions } = useModelFolder();

describe('export', () => {
  it('writes ONNX with the threshold', async () => {
    const output = recordOutput();
    const { data } = await exportModel(
      { ...common, out: at('m.onnx'), preprocess: true, fold: true },
      output,
    );
    expect(output.lines.join()).toContain('Export with --flip-sum');
    const bytes = await readFile(at('m.onnx'));
    expect(bytes.length).toBe(data.bytes);
    expect(readOnnxMetadata(bytes)).toMatchObject({
      threshold: { cosine: 0.9, between: 'embeddings' },
      loss: { loss: 'UssLoss' },
      backbone: { backbone: 'small-cnn' },
      input: { mean: [0, 0, 0], std: [1, 1, 1] },
      output: { flipSum: false, normalized: false },
    });
    const summed = recordOutput();
    await exportModel({ ...common, out: at('m.onnx'), flipSum: true, normalize: true }, summed);
    expect(summed.lines).toEqual([]);
    expect(readOnnxMetadata(await readFile(at('m.onnx')))).toMatchObject({
      output: { flipSum: true, normalized: true },
    });
  });

  it("writes the orientation of the model's images", async () => {
    const { description, state } = decodeModel(await readFile(common.model));
    const model = at('upright.safetensors');
    await writeFile(model, await encodeModel({ ...description, orientation: 'exif' }, state));
    tf.dispose(state);
    await exportModel({ ...common, model, out: at('m.onnx') }, recordOutput());
    expect(readOnnxMetadata(await readFile(at('m.onnx'))).properties).toMatchObject({ orientation: 'exif' });
  });

  it('writes the question of the threshold and the crop', async () => {
    await exportModel({ ...common, out: at('m.onnx') }, recordOutput());
    const { question: implied, crop: none } = readOnnxMetadata(await readFile(at('m.onnx')));
    expect(implied).toEqual((await describeModel(common.model)).question);
    expect(none).toBeNull();
    const { description, state } = decodeModel(await readFile(common.model));
    const [crop, question] = [
      { kind: 'box', scale: 1.2 },
      { kind: 'gallery', size: 30 },
    ] as const;
    const model = at('boxed.safetensors');
    await writeFile(model, await encodeModel({ ...description, crop, question }, state));
    tf.dispose(state);
    await exportModel({ ...common, model, out: at('m.onnx') }, recordOutput());
    expect(readOnnxMetadata(await readFile(at('m.onnx')))).toMatchObject({ crop, question });
  });

  it('warns about a flip sum if the threshold is for single embeddings', async () => {
    const { description, state } = decodeModel(await readFile(common.model));
    const model = at('plain.safetensors');
    await writeFile(model, await encodeModel({ ...description, flipSum: false }, state));
    tf.dispose(state);
    const summed = recordOutput();
    await exportModel({ ...common, model, out: at('plain.onnx'), flipSum: true }, summed);
    expect(summed.lines.join()).toContain('Export without --flip-sum');
    const plain = recordOutput();
    await exportModel({ ...common, model, out: at('plain.onnx') }, plain);
    expect(plain.lines).toEqual([]);
  });

  it('rejects its own model as output', async () => {
    const before = await readFile(common.model);
    await expect(exportModel({ ...common, out: common.model }, recordOutput())).rejects.toThrow(
      /it is the input file/,
    );
    // The model of a folder.
    const options = { ...common, model: folder, out: common.model };
    await expect(exportModel(options, recordOutput())).rejects.toThrow(/it is the input file/);
    expect(await readFile(common.model)).toEqual(before);
  });

  it('rejects weights that are not finite, as all commands do', async () => {
    const bytes = await readFile(common.model);
    const { metadata, tensors } = decodeSafetensors(bytes);
    const [name, { data }] = Object.entries(tensors)[0]!;
    data[1] = Number.NaN;
    const model = at('diverged.safetensors');
    await writeFile(model, encodeSafetensors({ tensors, metadata }));
    const message = `diverged.safetensors: Weight '${name}' has 1 of ${data.length} values that are not finite`;
    const out = at('diverged.onnx');
    await expect(exportModel({ ...common, model, out }, recordOutput())).rejects.toThrow(message);
    const images = { first: image(0, 0), second: image(1, 0) };
    await expect(verify({ ...common, model, ...images }, recordOutput())).rejects.toThrow(message);
    expect(await readdir(folder)).not.toContain('diverged.onnx');
  });

  it('rejects an output path that cannot be written', async () => {
    await expect(exportModel({ ...common, out: at('faces') }, recordOutput())).rejects.toThrow(
      /it is a folder/,
    );
  });
});

describe('import', () => {
  it('rejects the weights as output, also through a link', async () => {
    const before = await readFile(at('weights.safetensors'));
    await symlink(at('weights.safetensors'), at('link.safetensors'));
    for (const name of ['weights.safetensors', 'link.safetensors']) {
      await expect(importWeights({ ...importOptions(), out: at(name) }, recordOutput())).rejects.toThrow(
        /it is the input file/,
      );
    }
    expect(await readFile(at('weights.safetensors'))).toEqual(before);
  });

  it('writes a model that computes the same cosines', async () => {
    const { data } = await importWeights({ ...importOptions(), thresholdSource: 'learned' }, recordOutput());
    expect(data).toMatchObject({ out: at('imported.safetensors'), threshold: 0.5 });
    expect(data.parameters).toBeGreaterThan(100);
    expect(await describeModel(data.out)).toMatchObject({ threshold: 0.5, thresholdSource: 'learned' });
    const images = { first: image(0, 0), second: image(1, 0), backend: 'cpu' } as const;
    const [own, imported] = await Promise.all(
      [common.model, data.out].map((model) => verify({ ...images, model }, recordOutput())),
    );
    expect(imported!.data.cosine).toBe(own!.data.cosine);
  });

  it('rejects weights that are not finite, except those it skips', async () => {
    const { tensors } = decodeSafetensors(await readFile(at('weights.safetensors')));
    const weights = at('diverged-weights.safetensors');
    const skipped = { shape: [1], dtype: 'float32', data: Float32Array.of(Number.NaN) } as const;
    await writeFile(weights, encodeSafetensors({ tensors: { ...tensors, 'head.bias': skipped } }));
    const options = { ...importOptions(), weights, ignore: ['head.'], out: at('mended.safetensors') };
    await importWeights(options, recordOutput());
    Object.values(tensors)[0]!.data[0] = Number.POSITIVE_INFINITY;
    await writeFile(weights, encodeSafetensors({ tensors }));
    await expect(importWeights({ ...options, out: at('refused') }, recordOutput())).rejects.toThrow(
      /diverged-weights\.safetensors: Weight '.*' has 1 of \d+ values that are not finite/,
    );
    expect(await readdir(folder)).not.toContain('refused');
  });

  it.each([
    [
      { network: 'smallcnn' },
      /^The network: backbone must be one of .* but is "smallcnn"\. Did you mean 'small-cnn'\?$/,
    ],
    [{ options: { widht: 4 } }, /has no 'widht'\. Did you mean 'width'\?/],
    [
      { options: { width: 8, embeddingSize: 8 } },
      /weights\.safetensors: These weights do not fit small-cnn: /,
    ],
    [{ threshold: 2 }, /^--threshold must be a finite number from -1 up to 1, but is 2\.$/],
    [{ weights: 'nowhere' }, /^There is no file 'nowhere'\.$/],
    [{ weights: tmpdir() }, /cannot be read: it is a folder\.$/],
    [{ weights: 'text.jpg' }, /text\.jpg: This is not a safetensors file.* In Python: /],
  ])('rejects %j', async (given, message) => {
    const all = { ...importOptions(), ...given, out: at('refused') };
    if ('weights' in given && given.weights === 'text.jpg') all.weights = at('text.jpg');
    await expect(importWeights(all, recordOutput())).rejects.toThrow(message);
    expect(await readdir(folder)).not.toContain('refused');
  });
});

it('info describes the installation', async () => {
  const { data, text } = await info({ backend: 'cpu' }, recordOutput());
  expect(data).toMatchObject({
    openset: manifest.version,
    running: { name: 'cpu', threads: 1, relaxedSimd: false, missing: [], accelerating: [] },
  });
  expect(data.packages['@tensorflow/tfjs-core']).toBe('4.22.0');
  expect(data.backends).toMatchObject({ cpu: null, wasm: null });
  expect(data.running.kernels).toBeGreaterThan(100);
  expect(text).toContain('running');
});

it('info describes a model, and which question its threshold answers', async () => {
  const { description, state } = decodeModel(await readFile(common.model));
  const model = at('stated.safetensors');
  const stated = {
    ...description,
    threshold: 0.4,
    thresholdSource: 'held-out',
    question: { kind: 'far', rate: 0.001 },
    thresholdInterval: { low: 0.38, high: 0.43 },
    learnedThreshold: { cosine: 0.7, between: 'embeddings', scale: 32, comparisons: 49 },
    galleryThresholds: [
      { people: 10, threshold: 0.45 },
      {
        people: 1000,
        threshold: 0.6,
        rates: [
          { falseAlarms: 0.1, threshold: 0.61, missed: 0.125 },
          { falseAlarms: 0.003, threshold: 0.7, missed: 0.4 },
        ],
      },
    ],
    crop: { kind: 'box', scale: 1.2 },
  } as const;
  await writeFile(model, await encodeModel(stated, state));
  tf.dispose(state);
  const tensors = tf.memory().numTensors;
  const { data, text } = await modelInfo({ ...common, model }, recordOutput());
  expect(tf.memory().numTensors).toBe(tensors);
  expect(data).toEqual({
    model,
    description: stated,
    closedForm: expect.closeTo(0.7 - Math.log(49) / 32, 12),
  });
  const rows = Object.fromEntries(text.split('\n').map((line) => line.split(/ {2,}/) as [string, string]));
  expect(rows).toEqual({
    model,
    network: 'small-cnn, width 4, embedding size 8',
    loss: 'UssLoss',
    threshold: '0.4000 (0.3800 to 0.4300), held-out',
    'threshold for': 'at most 1 in 1,000 strangers accepted',
    'in galleries': '0.450 for 10 people, 0.600 for 1,000 people',
    'gallery of 1,000': '10 % of strangers: 0.610 (12.5 % missed), 0.3 %: 0.700 (40.0 % missed)',
    'learned threshold': '0.7000 between embeddings',
    'closed form': '0.5784',
    probabilities: 'none',
    crop: 'faces in a box of 1.2 times their size',
    orientation: 'exif',
  });
});
