import { casesOf, type GradientCase, spread } from '../gradient-case.ts';

type Padding =
  | 'same'
  | 'valid'
  | number
  | [[number, number], [number, number], [number, number], [number, number]];

const pools: Readonly<
  Record<string, readonly [size: number | [number, number], stride: number | [number, number], pad: Padding]>
> = {
  valid: [3, 1, 'valid'],
  'valid, stride 2': [2, 2, 'valid'],
  'valid, stride 3, window 2': [2, 3, 'valid'],
  same: [3, 1, 'same'],
  'same, stride 2': [3, 2, 'same'],
  'same, window 2 × 3, strides 2 and 1': [[2, 3], [2, 1], 'same'],
  'same, window 2, no padding needed': [2, 2, 'same'],
  'padding 1': [3, 1, 1],
  'explicit padding': [
    3,
    2,
    [
      [0, 0],
      [1, 2],
      [0, 1],
      [0, 0],
    ],
  ],
  'whole image': [[6, 6], 1, 'valid'],
};

/** Even sides, so that windows of 2 need no padding. */
const images = { x: spread([1, 6, 6, 2]) };

const planar = (['avgPool', 'maxPool'] as const).flatMap((op) => [
  ...Object.entries(pools).flatMap(([variant, [size, strides, pad]]) =>
    casesOf(op, images, { [variant]: (tfjs, { x }) => tfjs[op](x, size, strides, pad) }),
  ),
  ...casesOf(op, images, {
    'padding 1, stride 2, rounded up': (tfjs, { x }) => tfjs[op](x, 3, 2, 1, 'ceil'),
    'padding 1, stride 2, rounded down': (tfjs, { x }) => tfjs[op](x, 3, 2, 1, 'floor'),
  }),
  ...casesOf(
    op,
    { x: spread([1, 5, 7, 2]) },
    {
      'unequal sides, valid, stride 2': (tfjs, { x }) => tfjs[op](x, [2, 3], 2, 'valid'),
      'unequal sides, same, stride 2': (tfjs, { x }) => tfjs[op](x, [2, 3], 2, 'same'),
    },
  ),
  ...casesOf(
    op,
    { x: spread([3, 4, 4, 1]) },
    {
      'batch of 3, same': (tfjs, { x }) => tfjs[op](x, 3, 1, 'same'),
    },
  ),
  ...casesOf(
    op,
    { x: spread([5, 4, 3]) },
    {
      'one image without batch, same': (tfjs, { x }) => tfjs[op](x, 3, 2, 'same'),
    },
  ),
  ...casesOf(
    op,
    { x: spread([1, 5, 5, 2], -2, -0.1) },
    {
      'negative values, valid': (tfjs, { x }) => tfjs[op](x, 3, 1, 'valid'),
      'negative values, same': (tfjs, { x }) => tfjs[op](x, 3, 1, 'same'),
    },
  ),
]);

const volumes = { x: spread([1, 3, 4, 5, 2]) };

const spatial = (['avgPool3d', 'maxPool3d'] as const).flatMap((op) => [
  ...casesOf(op, volumes, {
    valid: (tfjs, { x }) => tfjs[op](x, 3, 1, 'valid'),
    'valid, stride 2': (tfjs, { x }) => tfjs[op](x, 2, 2, 'valid'),
    same: (tfjs, { x }) => tfjs[op](x, 3, 1, 'same'),
    'same, stride 2': (tfjs, { x }) => tfjs[op](x, 3, 2, 'same'),
    'same, window 2': (tfjs, { x }) => tfjs[op](x, 2, 1, 'same'),
    'same, window 1 × 2 × 3, strides 1, 2 and 1': (tfjs, { x }) => tfjs[op](x, [1, 2, 3], [1, 2, 1], 'same'),
    'padding 1': (tfjs, { x }) => tfjs[op](x, 3, 1, 1),
    'padding 1, stride 2, rounded up': (tfjs, { x }) => tfjs[op](x, 3, 2, 1, 'ceil'),
  }),
  ...casesOf(
    op,
    { x: spread([2, 3, 4, 3, 1]) },
    {
      'batch of 2, same': (tfjs, { x }) => tfjs[op](x, 2, 1, 'same'),
    },
  ),
  ...casesOf(
    op,
    { x: spread([2, 4, 4, 2, 1]) },
    {
      'two slices, same': (tfjs, { x }) => tfjs[op](x, 3, 1, 'same'),
    },
  ),
  ...casesOf(
    op,
    { x: spread([1, 4, 4, 4, 1]) },
    {
      'cube, same': (tfjs, { x }) => tfjs[op](x, 3, 1, 'same'),
      'cube, valid': (tfjs, { x }) => tfjs[op](x, 2, 1, 'valid'),
    },
  ),
  ...casesOf(
    op,
    { x: spread([3, 4, 4, 1]) },
    {
      'one volume without batch, valid': (tfjs, { x }) => tfjs[op](x, 2, 1, 'valid'),
    },
  ),
  ...casesOf(
    op,
    { x: spread([1, 3, 4, 3, 2], -2, -0.1) },
    {
      'negative values, same': (tfjs, { x }) => tfjs[op](x, 3, 1, 'same'),
    },
  ),
]);

/** Pools over two and three dimensions. */
export const poolingCases: readonly GradientCase[] = [
  ...planar,
  ...spatial,
  ...(['avg', 'max'] as const).flatMap((kind) =>
    casesOf(
      'pool',
      { x: spread([1, 5, 5, 1]) },
      {
        [`${kind}, same`]: (tfjs, { x }) => tfjs.pool(x, 3, kind, 'same'),
        [`${kind}, valid, dilation 2`]: (tfjs, { x }) => tfjs.pool(x, 2, kind, 'valid', 2),
        [`${kind}, same, dilation 2`]: (tfjs, { x }) => tfjs.pool(x, 2, kind, 'same', 2),
      },
    ),
  ),
  ...casesOf('maxPoolWithArgmax', images, {
    same: (tfjs, { x }) => tfjs.maxPoolWithArgmax(x, 3, 2, 'same').result!,
  }),
];
