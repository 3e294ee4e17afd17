import { ConfigError, DataError, decodeSafetensors, encodeSafetensors } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { referenceNetworks, referenceState } from './__fixtures__/reference-networks.ts';
import { asBackbone } from './as-backbone.ts';
import { createBackbone } from './create-backbone.ts';
import { lresnetIR } from './lresnet-ir.ts';
import type { NetworkBackbone } from './network-backbone.ts';
import { loadPyTorchState, type PyTorchTensors, toPyTorchState } from './pytorch-state.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const options = { blocks: [1], width: 2, inputSize: [4, 6], embeddingSize: 3 } as const;

describe('loadPyTorchState', () => {
  it.each(referenceNetworks.map((reference) => [reference.config.backbone, reference] as const))(
    '%s: toPyTorchState returns the loaded tensors',
    async (_, reference) => {
      const state = await referenceState(reference);
      const backbone = createBackbone(reference.config);
      loadPyTorchState(backbone, state);
      const back = await toPyTorchState(backbone);
      // All names of PyTorch.
      expect(Object.keys(back).sort()).toEqual([...reference.parameterOrder].sort());
      for (const [name, { shape, data }] of Object.entries(state)) {
        expect(back[name], name).toEqual({ shape, dtype: 'float32', data: new Float32Array(data) });
      }
      backbone.dispose();
    },
  );

  it.each(referenceNetworks.map((reference) => [reference.config.backbone, reference] as const))(
    '%s: weights have the order of PyTorch, except that a shortcut precedes its block',
    (kind, { config, parameterOrder }) => {
      const backbone = createBackbone(config);
      const names = backbone.weights.map(({ name }) => name);
      if (kind === 'cifar-resnet') expect(names).not.toEqual(parameterOrder);
      else expect(names).toEqual(parameterOrder);
      backbone.dispose();
    },
  );

  it('permutes the axes: OIHW to HWIO, and the tail from [out, channels, height, width]', async () => {
    const backbone = lresnetIR(options);
    const state = await toPyTorchState(backbone);
    const numbered = (shape: number[]) => {
      const size = shape.reduce((product, length) => product * length, 1);
      return { shape, data: Float32Array.from({ length: size }, (_, index) => index) };
    };
    loadPyTorchState(backbone, {
      ...state,
      'conv1.weight': numbered([2, 3, 3, 3]),
      'fc5.weight': numbered([3, 2, 2, 3]),
    });
    const weight = (name: string) => backbone.weights.find((one) => one.name === name)!.variable;
    // Element [h = 1, w = 2, in = 0, out = 1] was [1, 0, 1, 2]: 27 + 0 + 3 + 2.
    const conv1 = (await weight('conv1.weight').array()) as number[][][][];
    expect(conv1[1]![2]![0]![1]).toBe(32);
    // Row (h = 1, w = 2, channel 1) is 1 · 6 + 2 · 2 + 1 = 11; its column 2 was [2, 1, 1, 2]: 24 + 6 + 3 + 2.
    const fc5 = (await weight('fc5.weight').array()) as number[][];
    expect(fc5[11]![2]).toBe(35);
    backbone.dispose();
  });

  it('round-trips through a safetensors file', async () => {
    const [one, other] = [lresnetIR({ ...options, seed: 1 }), lresnetIR({ ...options, seed: 2 })];
    const file = encodeSafetensors({ tensors: await toPyTorchState(one) });
    loadPyTorchState(other, decodeSafetensors(file).tensors);
    expect(await toPyTorchState(other)).toEqual(await toPyTorchState(one));
    one.dispose();
    other.dispose();
  });

  it('accepts the extra names, the flat tail and the prefix of official files', async () => {
    const backbone = lresnetIR(options);
    const state = await toPyTorchState(backbone);
    const file: Record<string, PyTorchTensors[string]> = {
      'bn1.num_batches_tracked': { shape: [], data: Int32Array.of(7) },
      'head.weight': { shape: [1], data: Float32Array.of(1) },
    };
    for (const [name, tensor] of Object.entries(state)) file[name] = tensor;
    // A linear layer after flattening has the same values in the same order.
    file['fc5.weight'] = { shape: [3, 12], data: state['fc5.weight']!.data };
    const parallel = Object.fromEntries(
      Object.entries(file).map(([name, tensor]) => [`module.${name}`, tensor]),
    );
    expect(() => loadPyTorchState(backbone, parallel)).toThrow(/1 unexpected \(head\.weight\)/);
    loadPyTorchState(backbone, parallel, { ignore: ['head.'] });
    expect(await toPyTorchState(backbone)).toEqual(state);
    backbone.dispose();
  });

  it('removes the prefix of DataParallel even if a skipped head has none', async () => {
    const backbone = lresnetIR(options);
    const state = await toPyTorchState(backbone);
    const other = lresnetIR({ ...options, seed: 1 });
    const file: Record<string, PyTorchTensors[string]> = {
      'head.weight': { shape: [1], data: Float32Array.of(1) },
    };
    for (const [name, tensor] of Object.entries(state)) file[`module.${name}`] = tensor;
    expect(() => loadPyTorchState(other, file)).toThrow(/unexpected \(head\.weight, module\./);
    loadPyTorchState(other, file, { ignore: ['head.'] });
    expect(await toPyTorchState(other)).toEqual(state);
    // A prefix with module. skips, too.
    const wrapped = { ...file, 'module.fc.weight': file['head.weight']! };
    loadPyTorchState(other, wrapped, { ignore: ['head.', 'module.fc.'] });
    backbone.dispose();
    other.dispose();
  });

  it('refuses other backbones, and disposed ones', async () => {
    const backbone = lresnetIR(options);
    const state = await toPyTorchState(backbone);
    const adopted = asBackbone(backbone.model) as NetworkBackbone;
    expect(() => loadPyTorchState(adopted, state)).toThrow(ConfigError);
    expect(() => loadPyTorchState(adopted, state)).toThrow(
      /'lresnet-ir' is not a network of this package.*create a network with createBackbone/,
    );
    await expect(toPyTorchState(adopted)).rejects.toThrow(ConfigError);
    backbone.dispose();
    expect(() => loadPyTorchState(backbone, state)).toThrow(ConfigError);
    expect(() => loadPyTorchState(backbone, state)).toThrow(/lresnet-ir was disposed of/);
    await expect(toPyTorchState(backbone)).rejects.toThrow(/lresnet-ir was disposed of/);
  });

  it('lists everything that does not fit in one error, and changes nothing', async () => {
    const backbone = lresnetIR(options);
    const state = await toPyTorchState(backbone);
    const { 'conv1.weight': _, 'bn4.bias': __, ...rest } = state;
    const wrong = {
      ...rest,
      'fc.weight': { shape: [2], data: Float32Array.of(1, 2) },
      'bn5.bias': { shape: [4], data: new Float32Array(4) },
      'prelu.weight': { shape: [2], data: Float32Array.of(9, 9) },
    };
    expect(() => loadPyTorchState(backbone, wrong)).toThrow(DataError);
    expect(() => loadPyTorchState(backbone, wrong)).toThrow(
      'These weights do not fit lresnet-ir: 2 missing (conv1.weight, bn4.bias), 1 unexpected (fc.weight), ' +
        '1 of a wrong shape (bn5.bias [4], expected [3]).',
    );
    expect(await toPyTorchState(backbone)).toEqual(state);
    expect(() => loadPyTorchState(backbone, {})).toThrow(/missing \(conv1\.weight, .* and \d+ more\)/);
    backbone.dispose();
  });

  it('refuses a tensor whose number of values does not fit its shape', async () => {
    const backbone = lresnetIR(options);
    const state = await toPyTorchState(backbone);
    const wrong = { ...state, 'bn5.bias': { shape: [3], data: new Float32Array(2) } };
    expect(() => loadPyTorchState(backbone, wrong)).toThrow(/bn5\.bias \[3\] with 2 values/);
    backbone.dispose();
  });
});
