import { backend_util, type TensorInfo, upcastType, util } from '@tensorflow/tfjs-core';
import { batchMatMul } from './batch-mat-mul.ts';
import type { KernelScope, ScopedKernel } from './kernel-scope.ts';
import { sum } from './sum.ts';
import { transpose } from './transpose.ts';

/** A tensor with one label for each axis. */
interface Labelled {
  readonly tensor: TensorInfo;
  readonly labels: string;
}

/**
 * `Einsum`, which the stock backend lacks. One or two operands, without ellipses and without a label twice in a term, as on
 * the other backends. Two operands become one batched matrix product. int32 is exact up to 2⁵³.
 */
export const einsum: ScopedKernel<Record<string, TensorInfo>, { equation: string }> = (
  scope,
  inputs,
  { equation },
) => {
  const tensors = Object.values(inputs);
  const { terms, output } = parseEquation(equation, tensors);
  const dtype = tensors.map((tensor) => tensor.dtype).reduce((a, b) => upcastType(a, b));
  if (dtype !== 'float32' && dtype !== 'int32') {
    throw new Error(`einsum requires float32 or int32 tensors, but got ${dtype}. Convert them with tf.cast.`);
  }
  const operands = terms.map((labels, index) => {
    const others = terms.filter((_, other) => other !== index).join('') + output;
    const tensor = tensors[index]!;
    const cast = tensor.dtype === dtype ? tensor : scope.run('Cast', { x: tensor }, { dtype });
    // An axis that occurs nowhere else is summed first.
    return sumOver(scope, { tensor: cast, labels }, (label) => !others.includes(label));
  });
  const product = operands.length === 1 ? operands[0]! : multiply(scope, operands[0]!, operands[1]!, output);
  const { tensor } = permute(scope, product, output);
  // The result may be an operand, of which tfjs needs another tensor.
  return scope.reshape(tensor, tensor.shape);
};

/** Splits an equation into the labels of its operands and of its result, and checks them against the shapes. */
export function parseEquation(
  equation: string,
  tensors: readonly { shape: number[] }[],
): { terms: string[]; output: string } {
  // Throws what tfjs throws on the other backends.
  const { allDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
  tensors.forEach(({ shape }, index) => {
    if (shape.length !== idDims[index]!.length) {
      throw new Error(`einsum '${equation}': operand ${index} has shape [${shape}].`);
    }
  });
  backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
  const [left, output] = equation.replace(/\s/g, '').split('->') as [string, string];
  if (new Set(output).size !== output.length) {
    throw new Error(`einsum '${equation}': the result must not have the same label twice.`);
  }
  return { terms: left.split(','), output };
}

/** Returns the product of the operands, summed over the labels that they share and the result lacks. */
function multiply(scope: KernelScope, a: Labelled, b: Labelled, output: string): Labelled {
  const shared = [...a.labels].filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => output.includes(label)).join('');
  const inner = shared.filter((label) => !output.includes(label)).join('');
  const rows = [...a.labels].filter((label) => !b.labels.includes(label)).join('');
  const columns = [...b.labels].filter((label) => !a.labels.includes(label)).join('');
  const left = permute(scope, a, batch + rows + inner);
  const right = permute(scope, b, batch + inner + columns);
  const sizes = new Map([...sizesOf(left), ...sizesOf(right)]);
  const shapeOf = (labels: string) => [...labels].map((label) => sizes.get(label)!);
  const [batchSize, rowCount, innerSize, columnCount] = [batch, rows, inner, columns].map((labels) =>
    util.sizeFromShape(shapeOf(labels)),
  ) as [number, number, number, number];
  const matrices = {
    a: scope.reshape(left.tensor, [batchSize, rowCount, innerSize]),
    b: scope.reshape(right.tensor, [batchSize, innerSize, columnCount]),
  };
  const product =
    matrices.a.dtype === 'float32' ? batchMatMul(scope, matrices, {}) : integerProduct(scope, matrices);
  const labels = batch + rows + columns;
  return { tensor: scope.reshape(product, shapeOf(labels)), labels };
}

/** Returns the matrix product of int32 matrices. */
function integerProduct(scope: KernelScope, { a, b }: { a: TensorInfo; b: TensorInfo }): TensorInfo {
  const [batch, rows, inner] = a.shape as [number, number, number];
  const columns = b.shape[2]!;
  const output = scope.allocate([batch, rows, columns], 'int32');
  const [left, right, results] = [scope.view(a), scope.view(b), scope.view(output)];
  for (let row = 0; row < batch * rows; row++) {
    const matrix = Math.floor(row / rows) * inner * columns;
    for (let column = 0; column < columns; column++) {
      let total = 0;
      for (let k = 0; k < inner; k++) {
        total += left[row * inner + k]! * right[matrix + k * columns + column]!;
      }
      results[row * columns + column] = total;
    }
  }
  return output;
}

function sumOver(scope: KernelScope, x: Labelled, isSummed: (label: string) => boolean): Labelled {
  const axis = [...x.labels].flatMap((label, index) => (isSummed(label) ? [index] : []));
  if (axis.length === 0) return x;
  const labels = [...x.labels].filter((label) => !isSummed(label)).join('');
  return { tensor: sum(scope, { x: x.tensor }, { axis, keepDims: false }), labels };
}

function permute(scope: KernelScope, { tensor, labels }: Labelled, to: string): Labelled {
  if (labels === to) return { tensor, labels };
  const perm = [...to].map((label) => labels.indexOf(label));
  return { tensor: transpose(scope, { x: tensor }, { perm }), labels: to };
}

function sizesOf({ tensor, labels }: Labelled): [string, number][] {
  return [...labels].map((label, axis) => [label, tensor.shape[axis]!]);
}
