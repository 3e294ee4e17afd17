import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { gemmTile } from './gemm-tile.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { type NativeModule, nativeModule } from './native-module.ts';
import { gemmTask } from './task-ids.ts';

/**
 * Multiplications below which the products of a batch stay with the stock loop, because setting up XNNPACK takes
 * longer.
 */
const smallProduct = 32 * 32 * 32;

/** Inputs and attributes of `BatchMatMul`. */
export interface MatMulInputs {
  a: TensorInfo;
  b: TensorInfo;
}
export interface MatMulAttributes {
  transposeA?: boolean;
  transposeB?: boolean;
}

/**
 * `BatchMatMul`. The compiled product supports any strides. Without SIMD, every product runs on XNNPACK. The stock
 * kernel uses XNNPACK only for a single product of untransposed matrices, else a plain loop, and it computes only some
 * of the products if both operands are broadcast.
 */
export const batchMatMul: ScopedKernel<MatMulInputs, MatMulAttributes> = (scope, inputs, attributes) => {
  const { transposeA = false, transposeB = false } = attributes;
  const { a, b } = inputs;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') {
    throw new Error(
      `matMul on the wasm backend requires float32 matrices, but got ${a.dtype} and ${b.dtype}. Convert them with tf.cast.`,
    );
  }
  const [rows, innerA] = matrixSize(a, transposeA);
  const [innerB, columns] = matrixSize(b, transposeB);
  if (innerA !== innerB) {
    throw new Error(
      `Error in matMul: inner shapes (${innerA}) and (${innerB}) of Tensors with shapes ${a.shape} and ` +
        `${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
    );
  }
  const outerA = a.shape.slice(0, -2);
  const outerB = b.shape.slice(0, -2);
  const outer = broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const outputShape = [...outer, rows, columns];
  if (util.sizeFromShape(outputShape) * innerA === 0) return scope.zeros(outputShape);

  const native = nativeModule(scope.backend);
  if (native) {
    const sides = { outerA, outerB, outer, outputShape };
    return nativeProducts(scope, native, inputs, {
      rows,
      inner: innerA,
      columns,
      transposeA,
      transposeB,
      ...sides,
    });
  }
  const batchA = util.sizeFromShape(outerA);
  const batchB = util.sizeFromShape(outerB);
  const batch = util.sizeFromShape(outer);
  const oneSided = batchA === batchB ? batchA === batch : Math.min(batchA, batchB) === 1;
  if (batch > 1 && batchB > 1 && oneSided && rows * innerA * columns < smallProduct) {
    return scope.run('BatchMatMul', { a, b }, { transposeA, transposeB });
  }

  const left = undoTranspose(scope, a, batchA, rows, innerA, transposeA);
  const right = undoTranspose(scope, b, batchB, innerA, columns, transposeB);
  if (batchB === 1) {
    // All matrices of the left side have the same right side, so one product of all their rows suffices.
    const stacked = scope.reshape(left, [1, batchA * rows, innerA]);
    // XNNPACK caches packed matrices by tensor id, even their sizes. A reshaped tensor has the id of the original.
    const own = right.dataId === b.dataId ? scope.copyRange(right, 0, right.shape) : right;
    const product = scope.run('BatchMatMul', { a: stacked, b: own }, plain);
    return scope.reshape(product, outputShape);
  }

  const output = scope.allocate(outputShape);
  const indexA = broadcastIndices(outerA, outer);
  const indexB = broadcastIndices(outerB, outer);
  for (let index = 0; index < batch; index++) {
    scope.nested((inner) => {
      const aMatrix = inner.copyRange(left, indexA[index]! * rows * innerA, [1, rows, innerA]);
      const bMatrix = inner.copyRange(right, indexB[index]! * innerA * columns, [1, innerA, columns]);
      const product = inner.run('BatchMatMul', { a: aMatrix, b: bMatrix }, plain);
      scope.view(output).set(scope.view(product), index * rows * columns);
      return undefined;
    });
  }
  return output;
};

const plain = { transposeA: false, transposeB: false };

/** Runs the compiled products of a batch. A transposition is a choice of strides. */
function nativeProducts(
  scope: KernelScope,
  { run, address, threads }: NativeModule,
  { a, b }: MatMulInputs,
  product: Required<MatMulAttributes> & {
    rows: number;
    inner: number;
    columns: number;
    outerA: number[];
    outerB: number[];
    outer: number[];
    outputShape: number[];
  },
): TensorInfo {
  const { rows, inner, columns, transposeA, transposeB, outerA, outerB, outer, outputShape } = product;
  const output = scope.allocate(outputShape);
  const [aRow, aInner] = transposeA ? [1, rows] : [inner, 1];
  const [bInner, bColumn] = transposeB ? [1, inner] : [columns, 1];
  const sizes = { a: rows * inner, b: inner * columns, c: rows * columns };
  const batch = util.sizeFromShape(outer);
  const tile = gemmTile({ rows, columns, inner, batch, threads });
  const tiles = Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
  const runProducts = (count: number, first: { a: number; b: number; c: number }, steps: typeof sizes) =>
    run(gemmTask, count * tiles, [
      ...[rows, columns, inner],
      ...[address(a) + 4 * sizes.a * first.a, aRow, aInner],
      ...[address(b) + 4 * sizes.b * first.b, bInner, bColumn],
      ...[address(output) + 4 * sizes.c * first.c, columns, 0],
      ...[tile.rows, tile.columns, steps.a, steps.b, steps.c],
    ]);
  const [batchA, batchB] = [outerA, outerB].map(util.sizeFromShape) as [number, number];
  if ([1, batch].includes(batchA) && [1, batch].includes(batchB)) {
    const steps = { a: batchA === 1 ? 0 : sizes.a, b: batchB === 1 ? 0 : sizes.b, c: sizes.c };
    runProducts(batch, { a: 0, b: 0, c: 0 }, steps);
  } else {
    const [indexA, indexB] = [broadcastIndices(outerA, outer), broadcastIndices(outerB, outer)];
    indexA.forEach((index, c) => {
      runProducts(1, { a: index, b: indexB[c]!, c }, sizes);
    });
  }
  return output;
}

/** Returns rows and columns of an operand, after its transposition. */
function matrixSize({ shape }: TensorInfo, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}

/** Returns the operand as `[batch, rows, columns]`. */
function undoTranspose(
  scope: KernelScope,
  x: TensorInfo,
  batch: number,
  rows: number,
  columns: number,
  transposed: boolean,
): TensorInfo {
  if (!transposed) return scope.reshape(x, [batch, rows, columns]);
  const matrices = scope.reshape(x, [batch, columns, rows]);
  return scope.transpose(matrices, [0, 2, 1]);
}

/** Returns, for each matrix of the result, the index of the operand's matrix. */
function broadcastIndices(outer: number[], target: number[]): number[] {
  let indices = [0];
  const missing = target.length - outer.length;
  target.forEach((size, axis) => {
    const own = axis < missing ? 1 : outer[axis - missing]!;
    indices = indices.flatMap((index) =>
      Array.from({ length: size }, (_, step) => index * own + (own === 1 ? 0 : step)),
    );
  });
  return indices;
}
