import { casesOf, type GradientCase, spread } from '../gradient-case.ts';

const x = spread([2, 3, 4]);
const reductions = ['sum', 'mean', 'max', 'min', 'prod', 'logSumExp', 'norm', 'euclideanNorm'] as const;

const axisCases = reductions.flatMap((op) => {
  const inputs = { x: op === 'prod' ? spread([2, 3, 4], 0.5, 1.5) : x };
  const reduce: GradientCase['run'] = (tfjs, { x }) =>
    op === 'norm' ? tfjs.norm(x, 1) : tfjs[op as 'sum'](x);
  const along =
    (axis: number | number[], keepDims = false): GradientCase['run'] =>
    (tfjs, { x }) =>
      op === 'norm'
        ? tfjs.norm(x, 1, axis, keepDims)
        : op === 'euclideanNorm'
          ? tfjs.euclideanNorm(x, axis, keepDims)
          : tfjs[op](x, axis, keepDims);
  return casesOf(op, inputs, {
    'all axes': reduce,
    'last axis': along(-1),
    'middle axis': along(1),
    'first axis, keepDims': along(0, true),
    ...(op !== 'norm' &&
      op !== 'euclideanNorm' && {
        'axes 0 and 2': along([0, 2]),
        'axes 1 and 2, keepDims': along([1, 2], true),
      }),
  });
});

/** Functions that reduce axes, or run along one. */
export const reductionCases: readonly GradientCase[] = [
  ...axisCases,
  ...casesOf(
    'norm',
    { x: spread([2, 3, 4], -1, 2) },
    {
      'euclidean, axes 1 and 2': (tfjs, { x }) => tfjs.norm(x, 'fro', [1, 2]),
      'infinity, last axis': (tfjs, { x }) => tfjs.norm(x, Number.POSITIVE_INFINITY, -1),
    },
  ),
  ...casesOf(
    'moments',
    { x },
    {
      'all axes': (tfjs, { x }) => Object.values(tfjs.moments(x)),
      'axes 0 and 1': (tfjs, { x }) => Object.values(tfjs.moments(x, [0, 1])),
      'last axis, keepDims': (tfjs, { x }) => Object.values(tfjs.moments(x, -1, true)),
    },
  ),
  ...(['argMax', 'argMin'] as const).flatMap((op) =>
    casesOf(op, { x }, { '': (tfjs, { x }) => tfjs.cast(tfjs[op](x, -1), 'float32') }),
  ),
  ...casesOf(
    'cumsum',
    { x },
    {
      'last axis': (tfjs, { x }) => tfjs.cumsum(x, 2),
      'first axis': (tfjs, { x }) => tfjs.cumsum(x, 0),
      exclusive: (tfjs, { x }) => tfjs.cumsum(x, 1, true),
      reverse: (tfjs, { x }) => tfjs.cumsum(x, 1, false, true),
      'exclusive, reverse': (tfjs, { x }) => tfjs.cumsum(x, 2, true, true),
    },
  ),
  ...casesOf(
    'cumsum',
    { x: spread([3, 3, 3]) },
    {
      'cube, first axis': (tfjs, { x }) => tfjs.cumsum(x, 0),
      'cube, middle axis': (tfjs, { x }) => tfjs.cumsum(x, 1),
    },
  ),
  ...casesOf('cumprod', { x: spread([2, 3, 4], 0.5, 1.5) }, { '': (tfjs, { x }) => tfjs.cumprod(x, 2) }),
  ...casesOf('topk', { x }, { '': (tfjs, { x }) => tfjs.topk(x, 2).values }),
  ...casesOf(
    'softmax',
    { x: spread([2, 3, 4], -2, 2) },
    {
      '': (tfjs, { x }) => tfjs.softmax(x),
    },
  ),
  ...casesOf(
    'logSoftmax',
    { x: spread([2, 3, 4], -2, 2) },
    {
      '': (tfjs, { x }) => tfjs.logSoftmax(x),
    },
  ),
  ...casesOf(
    'unsortedSegmentSum',
    { x: spread([5, 3]) },
    {
      '': (tfjs, { x }) => tfjs.unsortedSegmentSum(x, tfjs.tensor1d([0, 2, 0, 3, 2], 'int32'), 4),
      'negative index': (tfjs, { x }) =>
        tfjs.unsortedSegmentSum(x, tfjs.tensor1d([0, -1, 0, 3, 2], 'int32'), 4),
    },
  ),
];
