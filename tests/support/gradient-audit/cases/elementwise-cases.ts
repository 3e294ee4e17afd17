import type * as tf from '@tensorflow/tfjs-core';
import { casesOf, type GradientCase, spread, type Tfjs } from '../gradient-case.ts';

type Unary =
  | 'abs'
  | 'acos'
  | 'acosh'
  | 'asin'
  | 'asinh'
  | 'atan'
  | 'atanh'
  | 'ceil'
  | 'clone'
  | 'cos'
  | 'cosh'
  | 'elu'
  | 'erf'
  | 'exp'
  | 'expm1'
  | 'floor'
  | 'leakyRelu'
  | 'log'
  | 'log1p'
  | 'logSigmoid'
  | 'neg'
  | 'onesLike'
  | 'reciprocal'
  | 'relu'
  | 'relu6'
  | 'round'
  | 'rsqrt'
  | 'selu'
  | 'sigmoid'
  | 'sign'
  | 'sin'
  | 'sinh'
  | 'softplus'
  | 'sqrt'
  | 'square'
  | 'step'
  | 'tan'
  | 'tanh'
  | 'zerosLike';

/** The range of the inputs of each function of one tensor. */
const ranges: Readonly<Record<Unary, readonly [from: number, to: number]>> = {
  abs: [-2, 2],
  acos: [-0.9, 0.9],
  acosh: [1.2, 4],
  asin: [-0.9, 0.9],
  asinh: [-3, 3],
  atan: [-3, 3],
  atanh: [-0.9, 0.9],
  ceil: [-2.03, 2.05],
  clone: [-2, 2],
  cos: [-3, 3],
  cosh: [-2, 2],
  elu: [-2, 2],
  erf: [-2, 2],
  exp: [-2, 2],
  expm1: [-2, 2],
  floor: [-2.03, 2.05],
  leakyRelu: [-2, 2],
  log: [0.2, 4],
  log1p: [-0.8, 3],
  logSigmoid: [-3, 3],
  neg: [-2, 2],
  onesLike: [-2, 2],
  reciprocal: [0.3, 3],
  relu: [-2, 2],
  relu6: [-3, 9],
  round: [-2.03, 2.05],
  rsqrt: [0.2, 4],
  selu: [-2, 2],
  sigmoid: [-3, 3],
  sign: [-2, 2],
  sin: [-3, 3],
  sinh: [-2, 2],
  softplus: [-3, 3],
  sqrt: [0.2, 4],
  square: [-2, 2],
  step: [-2, 2],
  tan: [-1.2, 1.2],
  tanh: [-2, 2],
  zerosLike: [-2, 2],
};

const unaryCases = Object.entries(ranges).flatMap(([op, [from, to]]) =>
  casesOf(op, { x: spread([2, 3, 4], from, to) }, { '': (tfjs, { x }) => tfjs[op as Unary](x) }),
);

type Binary =
  | 'add'
  | 'atan2'
  | 'div'
  | 'divNoNan'
  | 'floorDiv'
  | 'maximum'
  | 'minimum'
  | 'mod'
  | 'mul'
  | 'pow'
  | 'squaredDifference'
  | 'sub';

const binaryRanges: Readonly<Record<Binary, readonly (readonly [from: number, to: number])[]>> = {
  add: [
    [-1, 1.3],
    [-2, 2.2],
  ],
  atan2: [
    [-1, 1.3],
    [-2, 2.2],
  ],
  div: [
    [-1, 1.3],
    [0.5, 2],
  ],
  divNoNan: [
    [-1, 1.3],
    [0.5, 2],
  ],
  floorDiv: [
    [-5.03, 4.71],
    [0.71, 2.1],
  ],
  maximum: [
    [-1, 1.3],
    [-2, 2.2],
  ],
  minimum: [
    [-1, 1.3],
    [-2, 2.2],
  ],
  mod: [
    [-5.03, 4.71],
    [0.71, 2.1],
  ],
  mul: [
    [-1, 1.3],
    [-2, 2.2],
  ],
  pow: [
    [0.3, 2],
    [-2, 2.2],
  ],
  squaredDifference: [
    [-1, 1.3],
    [-2, 2.2],
  ],
  sub: [
    [-1, 1.3],
    [-2, 2.2],
  ],
};

const shapes: Readonly<Record<string, readonly [number[], number[]]>> = {
  'equal shapes': [
    [2, 3, 4],
    [2, 3, 4],
  ],
  'b broadcast': [[2, 3, 4], [4]],
  'a broadcast': [
    [3, 1],
    [2, 3, 4],
  ],
  'both broadcast': [
    [2, 1, 4],
    [3, 1],
  ],
  'b scalar': [[2, 4], []],
};

const binaryCases = Object.entries(binaryRanges).flatMap(([op, [a, b]]) =>
  Object.entries(shapes).flatMap(([variant, [aShape, bShape]]) =>
    casesOf(
      op,
      { a: spread(aShape, ...(a as [number, number])), b: spread(bShape, ...(b as [number, number])) },
      { [variant]: (tfjs, inputs) => tfjs[op as Binary](inputs.a, inputs.b) },
    ),
  ),
);

const x = spread([2, 3, 4], -2, 2);

function mask(tfjs: Tfjs, shape: number[]): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tfjs.tensor(
    Array.from({ length: size }, (_, index) => index % 3 === 0),
    shape,
    'bool',
  );
}

/** Functions of single values, with and without broadcasting. */
export const elementwiseCases: readonly GradientCase[] = [
  ...unaryCases,
  ...binaryCases,
  ...casesOf('leakyRelu', { x }, { 'alpha 0.01': (tfjs, inputs) => tfjs.leakyRelu(inputs.x, 0.01) }),
  ...casesOf('clipByValue', { x }, { '': (tfjs, inputs) => tfjs.clipByValue(inputs.x, -0.77, 1.13) }),
  ...casesOf('step', { x }, { 'alpha 0.3': (tfjs, inputs) => tfjs.step(inputs.x, 0.3) }),
  ...casesOf(
    'cast',
    { x },
    {
      float32: (tfjs, inputs) => tfjs.cast(inputs.x, 'float32'),
      'int32 and back': (tfjs, inputs) => tfjs.cast(tfjs.cast(inputs.x, 'int32'), 'float32'),
    },
  ),
  ...casesOf(
    'pow',
    { x },
    {
      'exponent 2, negative base': (tfjs, inputs) => tfjs.pow(inputs.x, 2),
      'exponent 3, negative base': (tfjs, inputs) => tfjs.pow(inputs.x, 3),
    },
  ),
  ...['isFinite', 'isInf', 'isNaN'].flatMap((op) =>
    casesOf(
      op,
      { x },
      {
        '': (tfjs, inputs) => tfjs.cast(tfjs[op as 'isNaN'](inputs.x), 'float32'),
      },
    ),
  ),
  ...casesOf(
    'greaterEqual',
    { a: x, b: spread([4], -0.9, 1.3) },
    {
      '': (tfjs, { a, b }) => tfjs.cast(tfjs.greaterEqual(a, b), 'float32'),
    },
  ),
  ...casesOf(
    'prelu',
    { x, alpha: spread([2, 3, 4], 0.1, 0.5) },
    {
      'alpha of the full shape': (tfjs, inputs) => tfjs.prelu(inputs.x, inputs.alpha),
    },
  ),
  ...casesOf(
    'prelu',
    { x, alpha: spread([4], 0.1, 0.5) },
    {
      'alpha per channel': (tfjs, inputs) => tfjs.prelu(inputs.x, inputs.alpha),
    },
  ),
  ...casesOf(
    'prelu',
    { x, alpha: spread([3, 1], 0.1, 0.5) },
    {
      'alpha broadcast inside': (tfjs, inputs) => tfjs.prelu(inputs.x, inputs.alpha),
    },
  ),
  ...casesOf(
    'addN',
    { a: x, b: spread([2, 3, 4]), c: spread([2, 3, 4], 0, 3) },
    {
      '': (tfjs, { a, b, c }) => tfjs.addN([a, b, c]),
    },
  ),
  ...casesOf(
    'where',
    { a: x, b: spread([2, 3, 4]) },
    {
      'equal shapes': (tfjs, { a, b }) => tfjs.where(mask(tfjs, [2, 3, 4]), a, b),
      'condition computed': (tfjs, { a, b }) => tfjs.where(tfjs.greater(a, 0), tfjs.square(a), b),
    },
  ),
  ...casesOf(
    'where',
    { a: x, b: spread([4]) },
    {
      'b broadcast': (tfjs, { a, b }) => tfjs.where(mask(tfjs, [2, 3, 4]), a, b),
      'condition and b broadcast': (tfjs, { a, b }) => tfjs.where(mask(tfjs, [3, 1]), a, b),
    },
  ),
  ...casesOf('dropout', { x }, { '': (tfjs, inputs) => tfjs.dropout(inputs.x, 0.4, undefined, 3) }),
];
