import { casesOf, type GradientCase, spread } from '../gradient-case.ts';

const transposes = [
  ['no transpose', false, false],
  ['a transposed', true, false],
  ['b transposed', false, true],
  ['both transposed', true, true],
] as const;

/** Shapes of [3 × 4]·[4 × 5] before the transposes, with leading dimensions. */
function shapesOf(transposeA: boolean, transposeB: boolean, batchA: number[], batchB: number[]) {
  return {
    a: spread([...batchA, ...(transposeA ? [4, 3] : [3, 4])]),
    b: spread([...batchB, ...(transposeB ? [5, 4] : [4, 5])]),
  };
}

const batches: Readonly<Record<string, readonly [number[], number[]]>> = {
  'two dimensions': [[], []],
  'batch of 2': [[2], [2]],
  'b shared by the batch': [[2], []],
  'a broadcast to the batch': [[1], [2]],
  'two batch dimensions': [
    [2, 2],
    [2, 2],
  ],
};

const productCases = Object.entries(batches).flatMap(([batch, [batchA, batchB]]) =>
  transposes.flatMap(([variant, transposeA, transposeB]) =>
    casesOf('matMul', shapesOf(transposeA, transposeB, batchA, batchB), {
      [`${batch}, ${variant}`]: (tfjs, { a, b }) => tfjs.matMul(a, b, transposeA, transposeB),
    }),
  ),
);

const broadcastProduct: GradientCase['run'] = (tfjs, { a, b }) =>
  tfjs.matMul(tfjs.tile(a, [1, 2, 1, 1]), tfjs.tile(b, [2, 1, 1, 1]));

const fusedCases = transposes.flatMap(([variant, transposeA, transposeB]) =>
  casesOf(
    'fused.matMul',
    { ...shapesOf(transposeA, transposeB, [], []), bias: spread([5]) },
    {
      [`bias, ${variant}`]: (tfjs, { a, b, bias }) =>
        tfjs.fused.matMul({ a, b, transposeA, transposeB, bias }),
      [`bias, relu, ${variant}`]: (tfjs, { a, b, bias }) =>
        tfjs.fused.matMul({ a, b, transposeA, transposeB, bias, activation: 'relu' }),
    },
  ),
);

const activations = ['elu', 'leakyrelu', 'relu6', 'sigmoid'] as const;

const einsums: Readonly<Record<string, readonly number[][]>> = {
  'ij,jk->ik': [
    [2, 3],
    [3, 4],
  ],
  'ij,kj->ik': [
    [2, 3],
    [4, 3],
  ],
  'bij,bjk->bik': [
    [2, 2, 3],
    [2, 3, 4],
  ],
  'bqhd,bkhd->bhqk': [
    [1, 3, 2, 2],
    [1, 4, 2, 2],
  ],
  'bij,bij->b': [
    [2, 2, 3],
    [2, 2, 3],
  ],
  'i,j->ij': [[3], [4]],
  'ij->ji': [[2, 3]],
  'ij->i': [[2, 3]],
  'i,i->': [[4], [4]],
};

/** Products of matrices and vectors. */
export const matrixCases: readonly GradientCase[] = [
  ...productCases,
  ...casesOf(
    'matMul',
    { a: spread([2, 1, 3, 4]), b: spread([1, 2, 4, 5]) },
    { 'both broadcast to the batch': (tfjs, { a, b }) => tfjs.matMul(a, b) },
  ).map((gradientCase) => ({ ...gradientCase, equivalent: broadcastProduct })),
  ...fusedCases,
  ...activations.flatMap((activation) =>
    casesOf(
      'fused.matMul',
      { ...shapesOf(false, false, [2], [2]), bias: spread([5]) },
      {
        [`batch of 2, bias, ${activation}`]: (tfjs, { a, b, bias }) =>
          tfjs.fused.matMul({ a, b, bias, activation, leakyreluAlpha: 0.2 }),
      },
    ),
  ),
  ...casesOf(
    'fused.matMul',
    { ...shapesOf(false, false, [], []), alpha: spread([5], 0.1, 0.5) },
    {
      prelu: (tfjs, { a, b, alpha }) =>
        tfjs.fused.matMul({ a, b, activation: 'prelu', preluActivationWeights: alpha }),
    },
  ),
  ...casesOf('dot', { a: spread([4]), b: spread([4]) }, { vectors: (tfjs, { a, b }) => tfjs.dot(a, b) }),
  ...casesOf(
    'dot',
    { a: spread([3, 4]), b: spread([4]) },
    {
      'matrix and vector': (tfjs, { a, b }) => tfjs.dot(a, b),
    },
  ),
  ...casesOf(
    'outerProduct',
    { a: spread([3]), b: spread([4]) },
    {
      '': (tfjs, { a, b }) => tfjs.outerProduct(a, b),
    },
  ),
  ...Object.entries(einsums).flatMap(([equation, shapes]) =>
    casesOf(
      'einsum',
      Object.fromEntries(shapes.map((shape, index) => ['ab'[index]!, spread(shape, -1, 1 + index)])),
      {
        [equation]: (tfjs, inputs) => tfjs.einsum(equation, ...Object.values(inputs)),
      },
    ),
  ),
  ...casesOf(
    'linalg.bandPart',
    { x: spread([4, 4]) },
    { '': (tfjs, { x }) => tfjs.linalg.bandPart(x, 1, 2) },
  ),
  ...casesOf(
    'linalg.gramSchmidt',
    { x: spread([3, 4]) },
    { '': (tfjs, { x }) => tfjs.linalg.gramSchmidt(x) },
  ),
];
