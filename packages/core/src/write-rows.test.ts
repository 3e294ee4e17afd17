import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type BankLossKernelConfig, cosineBankLossKernel } from './bank-loss-kernel.ts';
import { assignRows, firstWithSameLabel, withRows, writeRows } from './write-rows.ts';

function written(memory: number[][], labels: number[], rows: number[][]): number[][] {
  const inputs = [tf.tensor2d(memory), tf.tensor1d(labels, 'int32'), tf.tensor2d(rows)] as const;
  const result = writeRows(...inputs);
  const values = result.arraySync();
  expect(inputs[0].arraySync()).toEqual(memory);
  tf.dispose([...inputs, result]);
  return values;
}

describeOnBackends('writeRows', () => {
  it('replaces rows by label; the last of two rows with the same label wins', () => {
    const memory = [
      [1, 1],
      [2, 2],
      [3, 3],
    ];
    const rows = [
      [10, 11],
      [20, 21],
      [30, 31],
    ];
    expect(written(memory, [2, 0, 2], rows)).toEqual([
      [20, 21],
      [2, 2],
      [30, 31],
    ]);
  });

  it('equals writing one row after another', () => {
    const batch = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(batch, (pairs) => {
        const expected = Array.from({ length: 6 }, (_, row) => [row / 8, -row / 8]);
        const before = structuredClone(expected);
        const rows = pairs.map(([, value], index) => [value, index]);
        pairs.forEach(([label], index) => {
          expected[label] = rows[index]!;
        });
        expect(
          written(
            before,
            pairs.map(([label]) => label),
            rows,
          ),
        ).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('leaks no tensor', () => {
    const { numTensors } = tf.memory();
    written([[1], [2]], [1, 1], [[3], [4]]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});

describeOnBackends('rows of a variable', () => {
  const before = [
    [1, 1],
    [2, 2],
    [3, 3],
  ];
  const after = [
    [50, 51],
    [2, 2],
    [40, 41],
  ];
  const batch = () => ({
    labels: tf.tensor1d([0, 2, 0], 'int32'),
    rows: tf.tensor2d([
      [30, 31],
      [40, 41],
      [50, 51],
    ]),
  });

  // Rows are written in place only with kernels like those of @openset/wasm-kernels.
  beforeAll(() => {
    const kernel: BankLossKernelConfig = {
      kernelName: cosineBankLossKernel,
      backendName: 'wasm',
      kernelFunc: () => [],
      keepsNoCopies: true,
    };
    tf.registerKernel(kernel);
  });
  afterAll(() => tf.unregisterKernel(cosineBankLossKernel, 'wasm'));

  it('are assigned without changing a snapshot that shares the memory', () => {
    const variable = tf.tidy(() => tf.variable(tf.tensor2d(before)));
    const { labels, rows } = batch();
    const snapshot = tf.clone(variable);
    assignRows(variable, labels, rows);
    expect(variable.arraySync()).toEqual(after);
    expect(snapshot.arraySync()).toEqual(before);
    snapshot.dispose();
    const alone = tf.tidy(() => tf.variable(tf.tensor2d(before)));
    const { dataId } = alone;
    assignRows(alone, labels, rows);
    expect(alone.arraySync()).toEqual(after);
    // In place: the same memory.
    if (tf.getBackend() === 'wasm') expect(alone.dataId).toBe(dataId);
    tf.dispose([variable, alone, labels, rows]);
  });

  it('are replaced only during a computation, also if it fails', () => {
    const { numTensors } = tf.memory();
    const variable = tf.tidy(() => tf.variable(tf.tensor2d(before)));
    const { labels, rows } = batch();
    const inside = tf.tidy(() => withRows(variable, labels, rows, (memory) => memory.arraySync()));
    expect(inside).toEqual(after);
    expect(variable.arraySync()).toEqual(before);
    const failing = () =>
      tf.tidy(() =>
        withRows(variable, labels, rows, () => {
          throw new Error('no');
        }),
      );
    expect(failing).toThrow('no');
    expect(variable.arraySync()).toEqual(before);
    tf.dispose([variable, labels, rows]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('are matched to the first row with the same label', () => {
    const first = tf.tidy(() => firstWithSameLabel(tf.tensor1d([4, 1, 4, 1, 7], 'int32')).arraySync());
    expect(first).toEqual([0, 1, 0, 1, 4]);
  });
});
