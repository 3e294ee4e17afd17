// @isolate: changes the threads of the backend.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  type BankOptions,
  bceCriterion,
  ConfigError,
  cosineBankLoss,
  describeBackend,
  normalValues,
  softmaxCriterion,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { expectNoLeak, random } from './__fixtures__/run-kernel.ts';
import { backendHeap } from './backend-internals.ts';
import { disableWasmTraining, enableWasmTraining } from './index.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** The tests depend on their order: the first one with several threads gives the backend its shared memory. */
describe('enableWasmTraining', () => {
  it('keeps the backend on one thread by default', async () => {
    expect(await enableWasmTraining({ relaxedSimd: false })).toEqual({
      threads: 1,
      simd: true,
      relaxedSimd: false,
      sharedMemory: false,
      notes: [],
    });
    expect(tf.getBackend()).toBe('wasm');
  });

  it('rejects options out of range', async () => {
    for (const threads of [0, -1, 1.5, 65, Number.NaN]) {
      await expect(enableWasmTraining({ threads })).rejects.toThrow(ConfigError);
    }
    await expect(enableWasmTraining({ relaxedSimd: 'on' as 'auto' })).rejects.toThrow(
      /'auto', true or false/,
    );
  });

  it('explains what to do if tensors are on a backend that threads cannot share', async () => {
    const tensor = tf.ones([3]);
    await expect(enableWasmTraining({ threads: 2 })).rejects.toThrow(
      /^1 tensor is on the wasm backend.*before the first tensor/,
    );
    expect(tensor.dataSync()).toEqual(Float32Array.of(1, 1, 1));
    tensor.dispose();
  });

  it('starts threads once no tensors are left, and changes their number at any time', async () => {
    expect(await enableWasmTraining({ threads: 2 })).toMatchObject({
      threads: 2,
      sharedMemory: true,
      notes: [],
    });
    const tensor = tf.ones([3]);
    expect(await enableWasmTraining({ threads: 3 })).toMatchObject({ threads: 3, sharedMemory: true });
    expect(describeBackend()).toMatchObject({ backend: 'wasm', threads: 3, simd: true, missing: [] });
    await disableWasmTraining();
    expect(describeBackend()).toMatchObject({ threads: 1 });
    // `data` returns an ordinary buffer, which can be sent and decoded, even from a shared heap.
    expect((await tensor.data()).buffer).toBeInstanceOf(ArrayBuffer);
    tensor.dispose();
  });

  it('frees the memory of threads', async () => {
    await enableWasmTraining({ threads: 1 });
    const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
    await enableWasmTraining({ threads: 3 });
    const before = wasm.HEAPU8.length;
    for (let time = 0; time < 5; time++) {
      await enableWasmTraining({ threads: 3, relaxedSimd: time % 2 === 0 });
    }
    expect(wasm.HEAPU8.length).toBe(before);
    expect(backendHeap(tf.backend() as unknown as WasmBackend)?.isShared).toBe(true);
  });
});

describe('any number of threads', () => {
  afterEach(() => disableWasmTraining());

  /** Expects the same bits from each case with 1 to 4 threads, twice for each number. */
  async function expectSameBits(cases: readonly (() => tf.Tensor[])[], relaxedSimd: boolean): Promise<void> {
    const digests: string[][] = [];
    for (const threads of [1, 2, 3, 4]) {
      await enableWasmTraining({ threads, relaxedSimd });
      for (let time = 0; time < 2; time++) digests.push(cases.map((work) => tf.tidy(() => digest(work()))));
    }
    for (const each of digests) expect(each).toEqual(digests[0]);
  }

  function digest(tensors: readonly tf.Tensor[]): string {
    const hash = createHash('sha1');
    for (const tensor of tensors) hash.update(tensor.dataSync());
    return hash.digest('hex');
  }

  describe.each([true, false])('relaxed SIMD %s', (relaxedSimd) => {
    it('computes the same bits of products', async () => {
      const products = fc.record({
        batch: fc.constantFrom([], [3], [2, 1]),
        rows: fc.integer({ min: 1, max: 300 }),
        inner: fc.integer({ min: 1, max: 700 }),
        columns: fc.integer({ min: 1, max: 300 }),
        transposeA: fc.boolean(),
        transposeB: fc.boolean(),
      });
      const cases = fc.sample(products, { numRuns: inject('long') ? 30 : 10, seed: 3 });
      const work = cases.map(({ batch, rows, inner, columns, transposeA, transposeB }) => () => {
        const a = random([...batch, ...(transposeA ? [inner, rows] : [rows, inner])], 1);
        const b = random([...batch, ...(transposeB ? [columns, inner] : [inner, columns])], 2);
        return [tf.matMul(a, b, transposeA, transposeB)];
      });
      await expectSameBits(work, relaxedSimd);
    });

    it('computes the same bits of convolutions and their gradients', async () => {
      const layers = [
        [12, 2, 3, 1, 132, 68],
        [5, 7, 3, 1, 132, 132],
        [3, 19, 3, 1, 36, 20],
        [3, 19, 3, 2, 36, 20],
        [5, 9, 2, 2, 68, 36],
        [2, 24, 3, 1, 3, 20],
      ] as const;
      const work = layers.map(([batch, size, taps, stride, inChannels, outChannels]) => () => {
        const x = random([batch, size, size, inChannels], 1) as tf.Tensor4D;
        const filter = random([taps, taps, inChannels, outChannels], 2) as tf.Tensor4D;
        const convolve = (x: tf.Tensor, filter: tf.Tensor) =>
          tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, 'same');
        const y = convolve(x, filter);
        return [y, ...tf.grads(convolve)([x, filter], y)];
      });
      await expectSameBits(work, relaxedSimd);
    });

    it('computes the same bits of losses and their gradients', async () => {
      const losses = fc.record({
        batch: fc.constantFrom(1, 7, 33),
        size: fc.constantFrom(3, 16, 65),
        numClasses: fc.constantFrom(5, 600, 3000, 9000),
        criterion: fc.constantFrom(bceCriterion, softmaxCriterion),
        bankGradient: fc.boolean(),
        diverse: fc.boolean(),
        sampled: fc.boolean(),
      });
      const cases = fc.sample(losses, { numRuns: inject('long') ? 30 : 10, seed: 5 });
      const work = cases.map(
        ({ batch, size, numClasses, criterion, bankGradient, diverse, sampled }) =>
          () => {
            const embeddings = normalValues([batch, size], 1, 1);
            const bank = normalValues([numClasses, size], 1, 2);
            const bias = tf.fill([diverse ? numClasses : 1], 5) as tf.Tensor1D;
            const even = Math.ceil(numClasses / 2);
            const labels = tf.tensor1d(
              Array.from({ length: batch }, (_, row) => 2 * (row % even)),
              'int32',
            );
            const classes = sampled ? (tf.range(0, numClasses, 2, 'int32') as tf.Tensor1D) : undefined;
            const { value, grads } = tf.valueAndGrads(() =>
              cosineBankLoss({ embeddings, labels, bank, bias, classes }, {
                criterion,
                bankGradient,
              } as BankOptions),
            )([embeddings, ...(bankGradient ? [bank] : []), bias]);
            return [value, ...grads];
          },
      );
      await expectSameBits(work, relaxedSimd);
    });
  });

  it('leaks no memory', async () => {
    await enableWasmTraining({ threads: 3 });
    const [a, b] = [random([200, 300], 1), random([300, 200], 2)];
    expectNoLeak(() => tf.matMul(a, b), 100);
    tf.dispose([a, b]);
  });
});

describe('a process with threads', () => {
  it('exits by itself', async () => {
    const program = `
      import '@tensorflow/tfjs';
      import { enableWasmTraining } from '@openset/wasm-kernels';
      console.log(JSON.stringify(await enableWasmTraining({ threads: 3 })));`;
    const flags = ['--conditions=@openset/source', '--import', 'tsx', '--input-type=module', '-e', program];
    const run = spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 30_000 });
    expect(run.status, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout.trim().split('\n').at(-1)!)).toMatchObject({ threads: 3 });
  });
});
