import { casesOf, type GradientCase, spread } from '../gradient-case.ts';

type Padding2d =
  | 'same'
  | 'valid'
  | number
  | [[number, number], [number, number], [number, number], [number, number]];
type Convolution = readonly [
  pad: Padding2d,
  stride: number | [number, number],
  dilation?: number | [number, number],
];

const explicit: Padding2d = [
  [0, 0],
  [1, 2],
  [0, 1],
  [0, 0],
];

const convolutions: Readonly<Record<string, Convolution>> = {
  same: ['same', 1],
  valid: ['valid', 1],
  'same, stride 2': ['same', 2],
  'valid, stride 2': ['valid', 2],
  'same, strides 1 and 2': ['same', [1, 2]],
  'explicit padding': [explicit, 1],
  'explicit padding, stride 2': [explicit, 2],
  'same, dilation 2': ['same', 1, 2],
  'valid, dilations 2 and 1': ['valid', 1, [2, 1]],
  'explicit padding, dilation 2': [explicit, 1, 2],
};

/** Inputs of a convolution over images of odd sides, so that `'same'` pads unevenly with stride 2. */
const planar = { x: spread([1, 5, 6, 2]), filter: spread([3, 3, 2, 3]) };
const small = { x: spread([1, 5, 6, 2]), filter: spread([3, 2, 2, 2]) };
const depthwise = { x: spread([1, 5, 6, 2]), filter: spread([3, 3, 2, 2]) };

const activations = ['elu', 'leakyrelu', 'relu', 'relu6', 'sigmoid'] as const;

const planarCases = Object.entries(convolutions).flatMap(([variant, [pad, strides, dilations]]) => [
  ...casesOf('conv2d', planar, {
    [variant]: (tfjs, { x, filter }) => tfjs.conv2d(x, filter, strides, pad, 'NHWC', dilations),
  }),
  ...casesOf('depthwiseConv2d', depthwise, {
    // The type leaves out explicit padding.
    [variant]: (tfjs, { x, filter }) =>
      tfjs.depthwiseConv2d(x, filter, strides, pad as 'same', 'NHWC', dilations),
  }),
  ...casesOf(
    'fused.conv2d',
    { ...planar, bias: spread([3]) },
    {
      [`bias, ${variant}`]: (tfjs, { x, filter, bias }) =>
        tfjs.fused.conv2d({ x, filter, strides, pad, dilations: dilations!, bias }),
    },
  ),
  ...casesOf(
    'fused.depthwiseConv2d',
    { ...depthwise, bias: spread([4]) },
    {
      [`bias, ${variant}`]: (tfjs, { x, filter, bias }) =>
        tfjs.fused.depthwiseConv2d({
          x,
          filter,
          strides,
          pad: pad as 'same',
          dilations: dilations!,
          bias,
        }),
    },
  ),
]);

const spatial = { x: spread([1, 3, 4, 4, 2]), filter: spread([2, 2, 3, 2, 2]) };

/** Convolutions of all dimensions, transposed, depthwise and fused. */
export const convolutionCases: readonly GradientCase[] = [
  ...planarCases,
  ...(['floor', 'ceil'] as const).flatMap((rounding) => {
    const variant = `padding 1, stride 2, rounded ${rounding === 'floor' ? 'down' : 'up'}`;
    return [
      ...casesOf('conv2d', planar, {
        [variant]: (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 2, 1, 'NHWC', 1, rounding),
      }),
      ...casesOf('depthwiseConv2d', depthwise, {
        [variant]: (tfjs, { x, filter }) => tfjs.depthwiseConv2d(x, filter, 2, 1, 'NHWC', 1, rounding),
      }),
      ...casesOf('fused.conv2d', planar, {
        [variant]: (tfjs, { x, filter }) =>
          tfjs.fused.conv2d({ x, filter, strides: 2, pad: 1, dimRoundingMode: rounding }),
      }),
    ];
  }),
  ...casesOf('conv2d', small, {
    'filter 3 × 2, same': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'same'),
    'filter 3 × 2, same, stride 2': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 2, 'same'),
    'filter 3 × 2, padding 1': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 2, 1),
  }),
  ...casesOf(
    'conv2d',
    { x: spread([2, 4, 5, 3]), filter: spread([1, 1, 3, 2]) },
    {
      'filter 1 × 1': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'same'),
      'filter 1 × 1, stride 2': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 2, 'same'),
      'filter 1 × 1, stride 2, valid': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 2, 'valid'),
    },
  ),
  ...casesOf(
    'conv2d',
    { x: spread([2, 4, 5, 3]), filter: spread([4, 5, 3, 2]) },
    {
      'filter of the image size': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'valid'),
    },
  ),
  ...casesOf(
    'conv2d',
    { x: spread([3, 4, 3, 2]), filter: spread([2, 2, 2, 2]) },
    {
      'batch of 3, same': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'same'),
    },
  ),
  ...casesOf(
    'depthwiseConv2d',
    { x: spread([3, 4, 3, 2]), filter: spread([2, 2, 2, 2]) },
    {
      'batch of 3, same': (tfjs, { x, filter }) => tfjs.depthwiseConv2d(x, filter, 1, 'same'),
    },
  ),
  ...casesOf(
    'conv2d',
    { x: spread([1, 4, 4, 2]), filter: spread([3, 3, 2, 2]) },
    {
      'square, same': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'same'),
      'square, same, stride 2': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 2, 'same'),
    },
  ),
  ...casesOf(
    'conv2d',
    { x: spread([1, 5, 4, 8]), filter: spread([3, 3, 8, 9]) },
    { 'many channels, same': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'same') },
  ),
  ...casesOf(
    'depthwiseConv2d',
    { x: spread([1, 5, 4, 9]), filter: spread([3, 3, 9, 1]) },
    { 'many channels, same': (tfjs, { x, filter }) => tfjs.depthwiseConv2d(x, filter, 1, 'same') },
  ),
  ...casesOf(
    'conv2d',
    { x: spread([4, 5, 2]), filter: planar.filter },
    {
      'one image without batch': (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'same'),
    },
  ),
  ...casesOf(
    'conv2d',
    { x: spread([1, 2, 4, 5]), filter: spread([3, 3, 2, 2]) },
    {
      NCHW: (tfjs, { x, filter }) => tfjs.conv2d(x, filter, 1, 'same', 'NCHW'),
    },
  ),
  ...casesOf(
    'conv1d',
    { x: spread([2, 7, 2]), filter: spread([3, 2, 3]) },
    {
      same: (tfjs, { x, filter }) => tfjs.conv1d(x, filter, 1, 'same'),
      'valid, stride 2': (tfjs, { x, filter }) => tfjs.conv1d(x, filter, 2, 'valid'),
      'same, dilation 2': (tfjs, { x, filter }) => tfjs.conv1d(x, filter, 1, 'same', 'NWC', 2),
    },
  ),
  ...casesOf(
    'conv2dTranspose',
    { x: spread([1, 3, 4, 2]), filter: spread([3, 3, 3, 2]) },
    {
      'same, stride 2': (tfjs, { x, filter }) => tfjs.conv2dTranspose(x, filter, [1, 6, 8, 3], 2, 'same'),
      'same, stride 1': (tfjs, { x, filter }) => tfjs.conv2dTranspose(x, filter, [1, 3, 4, 3], 1, 'same'),
      'valid, stride 2': (tfjs, { x, filter }) => tfjs.conv2dTranspose(x, filter, [1, 7, 9, 3], 2, 'valid'),
    },
  ),
  ...casesOf(
    'depthwiseConv2d',
    { x: depthwise.x, filter: spread([3, 3, 2, 1]) },
    {
      'multiplier 1, same': (tfjs, { x, filter }) => tfjs.depthwiseConv2d(x, filter, 1, 'same'),
      'multiplier 1, same, dilation 2': (tfjs, { x, filter }) =>
        tfjs.depthwiseConv2d(x, filter, 1, 'same', 'NHWC', 2),
    },
  ),
  ...casesOf(
    'separableConv2d',
    { x: depthwise.x, depth: spread([3, 3, 2, 2]), point: spread([1, 1, 4, 3]) },
    {
      same: (tfjs, { x, depth, point }) => tfjs.separableConv2d(x, depth, point, 1, 'same'),
      'same, stride 2': (tfjs, { x, depth, point }) => tfjs.separableConv2d(x, depth, point, 2, 'same'),
    },
  ),
  ...casesOf('conv3d', spatial, {
    same: (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 1, 'same'),
    valid: (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 1, 'valid'),
    'same, stride 2': (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 2, 'same'),
    'valid, strides 1, 2 and 1': (tfjs, { x, filter }) => tfjs.conv3d(x, filter, [1, 2, 1], 'valid'),
  }),
  ...casesOf(
    'conv3d',
    { x: spread([2, 3, 3, 4, 1]), filter: spread([2, 2, 2, 1, 2]) },
    {
      'batch of 2, one channel, same': (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 1, 'same'),
    },
  ),
  ...casesOf(
    'conv3d',
    { x: spread([1, 3, 3, 3, 2]), filter: spread([2, 2, 2, 2, 2]) },
    {
      'cube, same': (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 1, 'same'),
      'cube, valid': (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 1, 'valid'),
      'cube, same, dilation 2': (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 1, 'same', 'NDHWC', 2),
    },
  ),
  ...casesOf(
    'conv3d',
    { x: spread([3, 3, 4, 2]), filter: spread([2, 2, 2, 2, 2]) },
    {
      'one volume without batch, valid': (tfjs, { x, filter }) => tfjs.conv3d(x, filter, 1, 'valid'),
    },
  ),
  ...casesOf(
    'conv3dTranspose',
    { x: spread([1, 2, 2, 2, 2]), filter: spread([2, 2, 2, 3, 2]) },
    {
      'same, stride 2': (tfjs, { x, filter }) => tfjs.conv3dTranspose(x, filter, [1, 4, 4, 4, 3], 2, 'same'),
      'valid, stride 1': (tfjs, { x, filter }) =>
        tfjs.conv3dTranspose(x, filter, [1, 3, 3, 3, 3], 1, 'valid'),
    },
  ),
  ...activations.flatMap((activation) => [
    ...casesOf(
      'fused.conv2d',
      { ...planar, bias: spread([3]) },
      {
        [`bias, ${activation}`]: (tfjs, { x, filter, bias }) =>
          tfjs.fused.conv2d({
            x,
            filter,
            strides: 1,
            pad: 'same',
            bias,
            activation,
            leakyreluAlpha: 0.2,
          }),
      },
    ),
    ...casesOf(
      'fused.depthwiseConv2d',
      { ...depthwise, bias: spread([4]) },
      {
        [`bias, ${activation}`]: (tfjs, { x, filter, bias }) =>
          tfjs.fused.depthwiseConv2d({
            x,
            filter,
            strides: 1,
            pad: 'same',
            bias,
            activation,
            leakyreluAlpha: 0.2,
          }),
      },
    ),
  ]),
  ...casesOf(
    'fused.conv2d',
    { ...planar, alpha: spread([3], 0.1, 0.5) },
    {
      prelu: (tfjs, { x, filter, alpha }) =>
        tfjs.fused.conv2d({
          x,
          filter,
          strides: 1,
          pad: 'same',
          activation: 'prelu',
          preluActivationWeights: alpha,
        }),
    },
  ),
  ...casesOf(
    'fused.conv2d',
    { x: spread([3, 4, 3, 2]), filter: spread([2, 2, 2, 3]), bias: spread([3]) },
    {
      'bias, relu, batch of 3': (tfjs, { x, filter, bias }) =>
        tfjs.fused.conv2d({ x, filter, strides: 1, pad: 'same', bias, activation: 'relu' }),
    },
  ),
  ...casesOf(
    'conv2dTranspose',
    { x: spread([3, 2, 3, 2]), filter: spread([2, 2, 3, 2]) },
    {
      'batch of 3, same, stride 2': (tfjs, { x, filter }) =>
        tfjs.conv2dTranspose(x, filter, [3, 4, 6, 3], 2, 'same'),
    },
  ),
  ...casesOf(
    'conv3dTranspose',
    { x: spread([2, 2, 2, 2, 1]), filter: spread([2, 2, 2, 2, 1]) },
    {
      'batch of 2, same, stride 2': (tfjs, { x, filter }) =>
        tfjs.conv3dTranspose(x, filter, [2, 4, 4, 4, 2], 2, 'same'),
    },
  ),
  ...casesOf(
    'dilation2d',
    { x: spread([2, 3, 4, 2]), filter: spread([2, 2, 2], -0.5, 0.5) },
    { 'batch of 2, same': (tfjs, { x, filter }) => tfjs.dilation2d(x, filter, 1, 'same') },
  ),
  ...casesOf(
    'dilation2d',
    { x: spread([1, 5, 6, 2]), filter: spread([3, 3, 2], -0.5, 0.5) },
    {
      same: (tfjs, { x, filter }) => tfjs.dilation2d(x, filter, 1, 'same'),
      valid: (tfjs, { x, filter }) => tfjs.dilation2d(x, filter, 1, 'valid'),
      'same, stride 2': (tfjs, { x, filter }) => tfjs.dilation2d(x, filter, 2, 'same'),
      'same, dilation 2': (tfjs, { x, filter }) => tfjs.dilation2d(x, filter, 1, 'same', 2),
    },
  ),
];
