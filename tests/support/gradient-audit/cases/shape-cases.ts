import { casesOf, type GradientCase, spread } from '../gradient-case.ts';

const x = spread([2, 3, 4]);

/** Functions that move, copy or select values. */
export const shapeCases: readonly GradientCase[] = [
  ...casesOf('reshape', { x }, { '': (tfjs, { x }) => tfjs.reshape(x, [6, 4]) }),
  ...casesOf('expandDims', { x }, { '': (tfjs, { x }) => tfjs.expandDims(x, 1) }),
  ...casesOf('squeeze', { x: spread([2, 1, 3]) }, { '': (tfjs, { x }) => tfjs.squeeze(x, [1]) }),
  ...casesOf(
    'transpose',
    { x },
    {
      '': (tfjs, { x }) => tfjs.transpose(x),
      'permutation 2, 0, 1': (tfjs, { x }) => tfjs.transpose(x, [2, 0, 1]),
      'permutation 0, 2, 1': (tfjs, { x }) => tfjs.transpose(x, [0, 2, 1]),
    },
  ),
  ...([0, 1, -1] as const).flatMap((axis) =>
    casesOf(
      'concat',
      { a: x, b: spread([0, 1, 2].map((index) => (index === (axis + 3) % 3 ? 2 : [2, 3, 4][index]!))), c: x },
      {
        [`axis ${axis}`.replace('-', '−')]: (tfjs, { a, b, c }) => tfjs.concat([a, b, c], axis),
      },
    ),
  ),
  ...casesOf(
    'stack',
    { a: x, b: spread([2, 3, 4], 0, 1) },
    {
      'axis 0': (tfjs, { a, b }) => tfjs.stack([a, b]),
      'axis 2': (tfjs, { a, b }) => tfjs.stack([a, b], 2),
    },
  ),
  ...casesOf(
    'unstack',
    { x },
    {
      'axis 0': (tfjs, { x }) => tfjs.unstack(x),
      'axis 1': (tfjs, { x }) => tfjs.unstack(x, 1),
      'one part used': (tfjs, { x }) => tfjs.unstack(x, 1)[2]!,
    },
  ),
  ...casesOf(
    'split',
    { x: spread([2, 6, 2]) },
    {
      'equal parts': (tfjs, { x }) => tfjs.split(x, 3, 1),
      'unequal parts': (tfjs, { x }) => tfjs.split(x, [1, 3, 2], 1),
      'one part used': (tfjs, { x }) => tfjs.split(x, [1, 3, 2], 1)[1]!,
    },
  ),
  ...casesOf(
    'slice',
    { x },
    {
      '': (tfjs, { x }) => tfjs.slice(x, [0, 1, 1], [2, 1, 2]),
      'to the end': (tfjs, { x }) => tfjs.slice(x, [1, 0, 2], [-1, -1, -1]),
    },
  ),
  ...casesOf(
    'stridedSlice',
    { x },
    { '': (tfjs, { x }) => tfjs.stridedSlice(x, [0, 0, 0], [2, 3, 4], [1, 2, 2]) },
  ),
  ...casesOf(
    'gather',
    { x },
    {
      'axis 0': (tfjs, { x }) => tfjs.gather(x, tfjs.tensor1d([1, 0, 1], 'int32')),
      'axis 1, repeated': (tfjs, { x }) => tfjs.gather(x, tfjs.tensor1d([2, 0, 2, 2], 'int32'), 1),
      'axis 2, indices of two dimensions': (tfjs, { x }) =>
        tfjs.gather(
          x,
          tfjs.tensor2d(
            [
              [0, 3],
              [3, 1],
            ],
            undefined,
            'int32',
          ),
          2,
        ),
      'batchDims 1': (tfjs, { x }) =>
        tfjs.gather(
          x,
          tfjs.tensor2d(
            [
              [2, 0],
              [1, 1],
            ],
            undefined,
            'int32',
          ),
          1,
          1,
        ),
    },
  ),
  ...casesOf(
    'gatherND',
    { x },
    {
      '': (tfjs, { x }) =>
        tfjs.gatherND(
          x,
          tfjs.tensor2d(
            [
              [0, 1],
              [1, 2],
              [0, 1],
            ],
            undefined,
            'int32',
          ),
        ),
    },
  ),
  ...casesOf(
    'scatterND',
    { x: spread([3, 2]) },
    {
      '': (tfjs, { x }) => tfjs.scatterND(tfjs.tensor2d([[0], [2], [4]], undefined, 'int32'), x, [5, 2]),
    },
  ),
  ...casesOf(
    'tensorScatterUpdate',
    { x: spread([5, 2]), updates: spread([2, 2]) },
    {
      '': (tfjs, { x, updates }) =>
        tfjs.tensorScatterUpdate(x, tfjs.tensor2d([[1], [3]], undefined, 'int32'), updates),
    },
  ),
  ...casesOf('tile', { x: spread([4]) }, { vector: (tfjs, { x }) => tfjs.tile(x, [3]) }),
  ...casesOf('tile', { x: spread([2, 3]) }, { matrix: (tfjs, { x }) => tfjs.tile(x, [2, 3]) }),
  ...casesOf('tile', { x }, { 'three dimensions': (tfjs, { x }) => tfjs.tile(x, [1, 2, 3]) }),
  ...casesOf(
    'tile',
    { x: spread([2, 1, 2, 2]) },
    {
      'four dimensions': (tfjs, { x }) => tfjs.tile(x, [2, 3, 1, 2]),
    },
  ),
  ...casesOf(
    'broadcastTo',
    { x: spread([3, 1]) },
    {
      '': (tfjs, { x }) => tfjs.broadcastTo(x, [3, 4]),
      'more dimensions': (tfjs, { x }) => tfjs.broadcastTo(x, [2, 3, 4]),
    },
  ),
  ...casesOf(
    'pad',
    { x },
    {
      '': (tfjs, { x }) =>
        tfjs.pad(x, [
          [0, 1],
          [2, 0],
          [1, 1],
        ]),
      'constant 3': (tfjs, { x }) =>
        tfjs.pad(
          x,
          [
            [1, 0],
            [0, 0],
            [2, 1],
          ],
          3,
        ),
    },
  ),
  ...casesOf(
    'mirrorPad',
    { x },
    {
      reflect: (tfjs, { x }) =>
        tfjs.mirrorPad(
          x,
          [
            [0, 1],
            [2, 0],
            [1, 2],
          ],
          'reflect',
        ),
      symmetric: (tfjs, { x }) =>
        tfjs.mirrorPad(
          x,
          [
            [0, 1],
            [2, 0],
            [1, 2],
          ],
          'symmetric',
        ),
    },
  ),
  ...casesOf(
    'reverse',
    { x },
    {
      'all axes': (tfjs, { x }) => tfjs.reverse(x),
      'axes 0 and 2': (tfjs, { x }) => tfjs.reverse(x, [0, 2]),
    },
  ),
  ...casesOf(
    'spaceToBatchND',
    { x: spread([2, 4, 5, 1]) },
    {
      '': (tfjs, { x }) =>
        tfjs.spaceToBatchND(
          x,
          [2, 2],
          [
            [0, 0],
            [0, 1],
          ],
        ),
    },
  ),
  ...casesOf(
    'batchToSpaceND',
    { x: spread([8, 2, 3, 1]) },
    {
      '': (tfjs, { x }) =>
        tfjs.batchToSpaceND(
          x,
          [2, 2],
          [
            [0, 1],
            [1, 0],
          ],
        ),
    },
  ),
  ...casesOf('depthToSpace', { x: spread([1, 2, 2, 8]) }, { '': (tfjs, { x }) => tfjs.depthToSpace(x, 2) }),
  ...casesOf(
    'oneHot',
    { x: spread([4], 0.1, 2.8) },
    {
      '': (tfjs, { x }) => tfjs.cast(tfjs.oneHot(tfjs.cast(tfjs.floor(x), 'int32'), 3), 'float32'),
    },
  ),
  ...casesOf('signal.frame', { x: spread([8]) }, { '': (tfjs, { x }) => tfjs.signal.frame(x, 4, 2) }),
];
