import { casesOf, type GradientCase, spread } from '../gradient-case.ts';

/** Shapes of images and sizes to scale them to. A gradient that confuses height and width has the wrong shape unless they are equal. */
const sizes: Readonly<Record<string, readonly [shape: number[], size: [number, number]]>> = {
  'up by 2': [
    [1, 4, 5, 2],
    [8, 10],
  ],
  down: [
    [1, 4, 5, 2],
    [3, 2],
  ],
  up: [
    [1, 4, 5, 2],
    [7, 6],
  ],
  'batch of 2, up': [
    [2, 4, 5, 1],
    [7, 6],
  ],
  'batch of 2, down': [
    [2, 4, 5, 1],
    [3, 2],
  ],
  'batch of 2, square, up': [
    [2, 4, 4, 1],
    [8, 8],
  ],
  'square, up by 2': [
    [1, 4, 4, 2],
    [8, 8],
  ],
  'square, down': [
    [1, 5, 5, 2],
    [3, 2],
  ],
  'square, up': [
    [1, 4, 4, 2],
    [6, 7],
  ],
  'to one pixel': [
    [1, 4, 4, 2],
    [1, 1],
  ],
};
const modes = {
  '': [false, false],
  ', alignCorners': [true, false],
  ', halfPixelCenters': [false, true],
} as const;

const resizeCases = (['resizeBilinear', 'resizeNearestNeighbor'] as const).flatMap((op) =>
  Object.entries(sizes).flatMap(([direction, [shape, size]]) =>
    Object.entries(modes).flatMap(([mode, [alignCorners, halfPixelCenters]]) =>
      casesOf(
        `image.${op}`,
        { x: spread(shape) },
        {
          [`${direction}${mode}`]: (tfjs, { x }) => tfjs.image[op](x, size, alignCorners, halfPixelCenters),
        },
      ),
    ),
  ),
);

const images = { x: spread([2, 3, 4, 1]) };

/** Functions of images. */
export const imageCases: readonly GradientCase[] = [
  ...resizeCases,
  ...casesOf('image.cropAndResize', images, {
    '': (tfjs, { x }) =>
      tfjs.image.cropAndResize(x, tfjs.tensor2d([[0.1, 0.2, 0.8, 0.9]]), tfjs.tensor1d([1], 'int32'), [3, 3]),
  }),
  ...casesOf('image.flipLeftRight', images, { '': (tfjs, { x }) => tfjs.image.flipLeftRight(x) }),
  ...casesOf(
    'image.grayscaleToRGB',
    { x: spread([2, 3, 3, 1]) },
    {
      '': (tfjs, { x }) => tfjs.image.grayscaleToRGB(x),
    },
  ),
  ...casesOf(
    'localResponseNormalization',
    { x: spread([2, 2, 3, 5]) },
    {
      '': (tfjs, { x }) => tfjs.localResponseNormalization(x, 2),
      'radius 1, alpha 0.5, beta 0.75': (tfjs, { x }) =>
        tfjs.localResponseNormalization(x, 1, 1.5, 0.5, 0.75),
    },
  ),
];
