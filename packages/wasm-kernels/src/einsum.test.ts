import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { describeBothWays } from './__fixtures__/elementwise-tests.ts';
import { expectGradients } from './__fixtures__/numeric-gradient.ts';
import { digits } from './__fixtures__/reference-volumes.ts';
import { expectNoLeak, random } from './__fixtures__/run-kernel.ts';
import './index.ts';

const sizes: Record<string, number> = { a: 1, b: 3, c: 5, h: 2, i: 4, j: 3, k: 2, l: 5 };
const shapeOf = (labels: string) => [...labels].map((label) => sizes[label]!);

/** Sums the products of all combinations of the labels. */
function define(equation: string, operands: readonly ArrayLike<number>[]): Float64Array {
  const [left, output] = equation.replaceAll(' ', '').split('->') as [string, string];
  const terms = left.split(',');
  const labels = [...new Set(left.replaceAll(',', ''))];
  const all = shapeOf(labels.join(''));
  const result = new Float64Array(tf.util.sizeFromShape(shapeOf(output)));
  for (let index = 0; index < tf.util.sizeFromShape(all); index++) {
    const place = digits(index, all);
    const indexOf = (term: string) =>
      [...term].reduce((sum, label) => sum * sizes[label]! + place[labels.indexOf(label)]!, 0);
    result[indexOf(output)]! += terms.reduce(
      (product, term, operand) => product * operands[operand]![indexOf(term)]!,
      1,
    );
  }
  return result;
}

const equations = [
  ['a product', 'ij,jk->ik'],
  ['a product with blanks', ' i j , k j -> k i '],
  ['both transposed', 'ji,kj->ik'],
  ['a batch', 'bij,bjk->bik'],
  ['a batch in the middle', 'ibj,jkb->kbi'],
  ['attention', 'bihc,bjhc->bhij'],
  ['several inner axes', 'ijk,kjl->il'],
  ['the outer product', 'i,j->ij'],
  ['the transposed outer product', 'i,jk->kji'],
  ['the inner product', 'i,i->'],
  ['an elementwise product', 'ij,ij->ij'],
  ['a product without a sum', 'ij,jk->ijk'],
  ['sums of each operand', 'ij,ik->i'],
  ['all sums', 'ij,kl->'],
  ['a vector and a matrix', 'i,ik->i'],
  ['a scalar', ',ij->ji'],
  ['a transpose', 'ijk->kij'],
  ['a sum', 'ijk->j'],
  ['the whole sum', 'ij->'],
  ['the identity', 'ij->ij'],
  ['axes of size 1', 'aij,ajk->aik'],
] as const;

describeBothWays('einsum', () => {
  it.each(equations)('has the values and gradients of its definition for %s: %s', (_, equation) => {
    const terms = equation.replaceAll(' ', '').split('->')[0]!.split(',');
    expectGradients({
      shapes: terms.map(shapeOf),
      operation: (...operands) => tf.einsum(equation, ...operands),
      definition: (...operands) => define(equation, operands),
    });
  });

  it.each(['ij,ij->i', 'ij,kj->ik', 'ij,ji->', 'ij,ik->'])(
    'has them if both operands are one tensor: %s',
    (equation) => {
      sizes.i = 3;
      sizes.k = 3;
      expectGradients({
        shapes: [[3, 3]],
        operation: (x) => tf.einsum(equation, x, x),
        definition: (x) => define(equation, [x, x]),
      });
      sizes.i = 4;
      sizes.k = 2;
    },
  );

  it('has a second derivative', () => {
    const x = tf.tensor1d([1, 2, 3]);
    const cube = (v: tf.Tensor) => tf.einsum('i,i->', v, tf.square(v));
    const second = tf.grad((v) => tf.sum(tf.grad(cube)(v)))(x);
    expect([...second.dataSync()]).toEqual([6, 12, 18]);
  });

  it('is exact for int32', () => {
    const a = tf.tensor2d(
      [
        [40000, -3],
        [7, 46341],
      ],
      [2, 2],
      'int32',
    );
    const result = tf.einsum(
      'ij,kj->ik',
      a,
      tf.tensor2d(
        [
          [50000, 1],
          [-2, 3],
        ],
        [2, 2],
        'int32',
      ),
    );
    expect(result.dtype).toBe('int32');
    expect([...result.dataSync()]).toEqual([1999999997, -80009, 396341, 139009]);
    const mixed = tf.einsum('ij,j->i', a, tf.tensor1d([0.5, 2]));
    expect([mixed.dtype, ...mixed.dataSync()]).toEqual(['float32', 19994, 92685.5]);
  });

  it('leaves the operand in place if it is the result', () => {
    const x = random([2, 3], 1);
    const same = tf.einsum('ij->ij', x);
    same.dispose();
    expect(x.dataSync()).toHaveLength(6);
    x.dispose();
  });

  it('leaves nothing behind', () => {
    const operands = [random([3, 4, 5], 1), random([3, 5, 2], 2)];
    const gradients = tf.grads((a, b) => tf.einsum('bij,bjk->kib', a, b));
    expectNoLeak(() => gradients(operands), 20);
    expectNoLeak(() => tf.einsum('bij->ib', operands[0]!), 20);
    tf.dispose(operands);
  });

  it.each([
    ['ij,jk->ii', /same label twice/],
    ['ii,ij->j', /duplicate axes/],
    ['ijk,jk->i', /operand 0 has shape \[2,3\]/],
    ['ij,ik->jk', /Expected dimension 2 at axis 0.*but got dimension 3/],
    ['ij,jk', /without an arrow/],
    ['...j,jk->...k', /ellipsis/],
  ])('explains why it refuses %s', (equation, message) => {
    expect(() => tf.einsum(equation, tf.ones([2, 3]), tf.ones([3, 2]))).toThrow(message);
  });

  it('refuses truth values', () => {
    const x = tf.tensor1d([true, false], 'bool');
    expect(() => tf.einsum('i,i->', x, x)).toThrow(/float32 or int32 tensors, but got bool.*tf\.cast/);
  });
});
