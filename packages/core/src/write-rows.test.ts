import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { describeOnBackends } from '@openset/testkit/vitest';
import * as tf from '@tensorflow/tfjs-core';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeRows } from './write-rows.ts';

function written(memory: number[][], labels: number[], rows: number[][]): number[][] {
  const inputs = [tf.tensor2d(memory), tf.tensor1d(labels, 'int32'), tf.tensor2d(rows)] as const;
  const result = writeRows(...inputs);
  const values = result.arraySync();
  expect(inputs[0].arraySync()).toEqual(memory);
  tf.dispose([...inputs, result]);
  return values;
}

describeOnBackends('writeRows', () => {
  it('puts rows in their places; of two with one label the last wins', () => {
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

  it('leaves no tensor behind', () => {
    const { numTensors } = tf.memory();
    written([[1], [2]], [1, 1], [[3], [4]]);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
