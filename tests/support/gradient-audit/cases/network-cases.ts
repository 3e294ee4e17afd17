import { casesOf, type GradientCase, spread } from '../gradient-case.ts';

const perChannel = {
  mean: spread([2], -0.5, 0.5),
  variance: spread([2], 0.5, 2),
  offset: spread([2]),
  scale: spread([2], 0.5, 2),
};
const labels = { labels: spread([3, 4], 0.1, 0.9), predictions: spread([3, 4], 0.15, 0.95) };
const logits = { labels: spread([3, 4], 0.1, 0.9), logits: spread([3, 4], -2, 2) };
const { labels: fixedLabels } = logits;

const batchNormCases = [
  [6, 2],
  [3, 2, 2],
  [2, 2, 3, 2],
].flatMap((shape) =>
  casesOf(
    'batchNorm',
    { x: spread(shape), ...perChannel },
    {
      [`${shape.length} dimensions`]: (tfjs, { x, mean, variance, offset, scale }) =>
        tfjs.batchNorm(x, mean, variance, offset, scale),
    },
  ),
);
const { mean, variance } = perChannel;

/** Layers and losses that combine several kernels or have a gradient of their own. */
export const networkCases: readonly GradientCase[] = [
  ...batchNormCases,
  ...casesOf(
    'batchNorm',
    { x: spread([2, 2, 3, 2]), mean, variance },
    {
      'without offset and scale': (tfjs, { x, mean, variance }) => tfjs.batchNorm(x, mean, variance),
    },
  ),
  ...casesOf(
    'batchNorm',
    {
      x: spread([2, 2, 3, 2]),
      mean: spread([2, 2, 3, 2], -0.5, 0.5),
      variance: spread([2, 2, 3, 2], 0.5, 2),
    },
    {
      'statistics of the full shape': (tfjs, { x, mean, variance }) => tfjs.batchNorm(x, mean, variance),
    },
  ),
  ...casesOf(
    'batchNorm',
    { x: spread([2, 2, 3, 2]), scale: perChannel.scale, offset: perChannel.offset },
    {
      'statistics of the batch': (tfjs, { x, scale, offset }) => {
        const { mean, variance } = tfjs.moments(x, [0, 1, 2]);
        return tfjs.batchNorm(x, mean, variance, offset, scale);
      },
    },
  ),
  ...casesOf('losses.absoluteDifference', labels, {
    '': (tfjs, { labels, predictions }) => tfjs.losses.absoluteDifference(labels, predictions),
  }),
  ...casesOf('losses.cosineDistance', labels, {
    '': (tfjs, { labels, predictions }) => tfjs.losses.cosineDistance(labels, predictions, 1),
  }),
  ...casesOf(
    'losses.hingeLoss',
    { predictions: spread([3, 4], -2, 2) },
    {
      '': (tfjs, { predictions }) =>
        tfjs.losses.hingeLoss(tfjs.tensor2d([1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0], [3, 4]), predictions),
    },
  ),
  ...casesOf(
    'losses.huberLoss',
    { labels: spread([3, 4], -2, 2), predictions: spread([3, 4], -1, 3) },
    {
      '': (tfjs, { labels, predictions }) => tfjs.losses.huberLoss(labels, predictions, undefined, 0.83),
    },
  ),
  ...casesOf('losses.logLoss', labels, {
    '': (tfjs, { labels, predictions }) => tfjs.losses.logLoss(labels, predictions),
  }),
  ...casesOf('losses.meanSquaredError', labels, {
    '': (tfjs, { labels, predictions }) => tfjs.losses.meanSquaredError(labels, predictions),
  }),
  ...casesOf(
    'losses.sigmoidCrossEntropy',
    { logits: logits.logits },
    {
      '': (tfjs, { logits }) =>
        tfjs.losses.sigmoidCrossEntropy(tfjs.tensor([...fixedLabels.values], [3, 4]), logits),
      'label smoothing': (tfjs, { logits }) =>
        tfjs.losses.sigmoidCrossEntropy(tfjs.tensor([...fixedLabels.values], [3, 4]), logits, undefined, 0.1),
    },
  ),
  ...casesOf(
    'losses.softmaxCrossEntropy',
    { logits: logits.logits },
    {
      'one-hot labels': (tfjs, { logits }) =>
        tfjs.losses.softmaxCrossEntropy(
          tfjs.tensor2d([
            [1, 0, 0, 0],
            [0, 0, 1, 0],
            [0, 0, 0, 1],
          ]),
          logits,
        ),
      'soft labels': (tfjs, { logits }) =>
        tfjs.losses.softmaxCrossEntropy(
          tfjs.tensor2d([
            [0.1, 0.2, 0.3, 0.4],
            [0.5, 0.1, 0.1, 0.3],
            [0, 0.7, 0.1, 0.2],
          ]),
          logits,
        ),
      'label smoothing': (tfjs, { logits }) =>
        tfjs.losses.softmaxCrossEntropy(
          tfjs.tensor2d([
            [1, 0, 0, 0],
            [0, 0, 1, 0],
            [0, 0, 0, 1],
          ]),
          logits,
          undefined,
          0.1,
        ),
    },
  ),
  ...casesOf(
    'basicLSTMCell',
    {
      kernel: spread([5, 8]),
      bias: spread([8]),
      data: spread([2, 3]),
      c: spread([2, 2]),
      h: spread([2, 2], -0.8, 0.9),
    },
    {
      '': (tfjs, { kernel, bias, data, c, h }) =>
        tfjs.basicLSTMCell(tfjs.scalar(1), kernel, bias, data, c, h),
    },
  ),
  ...casesOf(
    'spectral.rfft',
    { x: spread([2, 4]) },
    {
      real: (tfjs, { x }) => tfjs.real(tfjs.spectral.rfft(x)),
    },
  ),
];
