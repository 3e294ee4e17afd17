import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectNoLeak, expectTensor, random } from './__fixtures__/run-kernel.ts';
import './index.ts';
import { enableNative, nativeModule } from './native-module.ts';
import type { WasmBackend } from './wasm-backend.ts';

beforeAll(async () => {
  await tf.setBackend('wasm');
});

/** Returns the products of the broadcast batch in float64. */
function reference(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean) {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, inner, columns] = [
    transposeA ? aColumns : aRows,
    transposeA ? aRows : aColumns,
    transposeB ? bRows : bColumns,
  ];
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const batch = tf.util.sizeFromShape(outer);
  const shape = [...outer, rows, columns];
  const matrices = (x: tf.Tensor) => tf.broadcastTo(x, [...outer, ...x.shape.slice(-2)]).dataSync();
  const left = matrices(a);
  const right = matrices(b);
  const product = new Float64Array(batch * rows * columns);
  for (let index = 0; index < batch; index++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0;
        for (let k = 0; k < inner; k++) {
          const aIndex = transposeA ? k * rows + i : i * inner + k;
          const bIndex = transposeB ? j * inner + k : k * columns + j;
          sum += left[index * rows * inner + aIndex]! * right[index * inner * columns + bIndex]!;
        }
        product[(index * rows + i) * columns + j] = sum;
      }
    }
  }
  return { shape, product };
}

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

function operand(
  outer: number[],
  rows: number,
  columns: number,
  transposed: boolean,
  seed: number,
): tf.Tensor {
  return random([...outer, ...(transposed ? [columns, rows] : [rows, columns])], seed);
}

describe.each([
  ['compiled', true],
  ['in TypeScript', false],
])('BatchMatMul %s', (_, native) => {
  beforeAll(() => enableNative(native));
  afterAll(() => enableNative(true));

  it('runs in place of the stock kernel', () => {
    expect(nativeModule(tf.backend() as unknown as WasmBackend) !== null).toBe(native);
  });

  const outerShapes: [number[], number[]][] = [
    [[], []],
    [[1], [1]],
    [[3], [3]],
    [[3], [1]],
    [[1], [3]],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1],
      [1, 3],
    ],
    [
      [2, 1, 2],
      [3, 1],
    ],
    [[2], [3, 2]],
  ];
  const sizes: [number, number, number][] = [
    [1, 1, 1],
    [5, 1, 3],
    [1, 7, 2],
    [4, 9, 1],
    [13, 17, 11],
    [40, 33, 35],
    [130, 259, 37],
  ];
  for (const [transposeA, transposeB] of transposes) {
    it(`agrees with the definition, transposeA = ${transposeA}, transposeB = ${transposeB}`, () => {
      for (const [outerA, outerB] of outerShapes) {
        for (const [rows, inner, columns] of sizes) {
          tf.tidy(() => {
            const a = operand(outerA, rows, inner, transposeA, 1);
            const b = operand(outerB, inner, columns, transposeB, 2);
            const { shape, product } = reference(a, b, transposeA, transposeB);
            expectTensor(tf.matMul(a, b, transposeA, transposeB), shape, product);
          });
        }
      }
    });
  }

  it('agrees with the definition for any sizes', () => {
    // Sizes near those of tiles, panels and blocks.
    const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(31, 32, 33, 131, 133, 255, 257));
    const test = fc.record({
      outer: fc.constantFrom<[number[], number[]]>([[], []], [[2], []], [[1], [2]]),
      sizes: fc.tuple(size, size, size),
      tA: fc.boolean(),
      tB: fc.boolean(),
    });
    fc.assert(
      fc.property(test, ({ outer: [outerA, outerB], sizes: [rows, inner, columns], tA, tB }) => {
        tf.tidy(() => {
          const a = operand(outerA, rows, inner, tA, rows);
          const b = operand(outerB, inner, columns, tB, columns);
          const { shape, product } = reference(a, b, tA, tB);
          expectTensor(tf.matMul(a, b, tA, tB), shape, product);
        });
      }),
      { numRuns: 150, seed: 6 },
    );
  });

  it('multiplies a matrix and the same values in another shape', () => {
    tf.tidy(() => {
      const b = random([6, 4], 2) as tf.Tensor2D;
      for (const shape of [
        [6, 4],
        [2, 12],
        [12, 2],
        [1, 24],
      ] as const) {
        const reshaped = tf.reshape(b, [...shape]) as tf.Tensor2D;
        const a = operand([], 3, shape[0], false, 1) as tf.Tensor2D;
        const { shape: expectedShape, product } = reference(a, reshaped, false, false);
        expectTensor(tf.matMul(a, reshaped), expectedShape, product);
        expectTensor(tf.fused.matMul({ a, b: reshaped }), expectedShape, product);
      }
    });
  });

  it('returns zeros for an empty inner dimension and an empty tensor for an empty batch', () => {
    expectTensor(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])), [2, 2], [0, 0, 0, 0]);
    expectTensor(tf.matMul(tf.zeros([0, 2]), tf.zeros([3, 2]), false, true), [0, 3], []);
  });

  it('rejects what the stock kernel rejects', () => {
    expect(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3]))).toThrow(/inner shapes/);
    const integers = tf.ones([2, 2], 'int32');
    expect(() => tf.matMul(integers, integers)).toThrow(/float32.*int32/);
  });

  it('leaks no memory', () => {
    for (const outer of [[], [3]]) {
      for (const [transposeA, transposeB] of transposes) {
        const a = operand(outer, 40, 50, transposeA, 1);
        const b = operand(outer, 50, 30, transposeB, 2);
        expectNoLeak(() => tf.matMul(a, b, transposeA, transposeB), 10);
      }
    }
  });
});
