// Registers the gradients that the compositions need.
import * as tf from '@tensorflow/tfjs';
import { type Comparison, compare } from './measure.ts';
import { onStock, openset, sample, startWasm } from './wasm-kernel.ts';

type Inputs = Record<string, tf.Tensor>;
type Compared = readonly [name: string, openset: () => void, plain: () => tf.Tensor | tf.Tensor[]];

/** Measures kernels other than matrix products against the stock kernel of the same name, or the plain formula on stock. */
export async function elementwise(): Promise<Comparison[]> {
  await startWasm();
  const rows: Comparison[] = [];
  for (const [name, ours, plain] of [...sums(), ...layers(), ...optimizers(), ...copies(), ...pools()]) {
    rows.push(
      compare(
        name,
        ours,
        onStock(() => tf.dispose(tf.tidy(plain))),
      ),
    );
  }
  return rows;
}

/** Compares the same kernel here and in stock. */
function compareKernel(
  name: string,
  kernelName: string,
  inputs: Inputs | tf.Tensor[],
  attributes = {},
): Compared {
  const named = inputs as Inputs;
  const run = () => tf.engine().runKernel(kernelName, named, attributes) as tf.Tensor;
  return [name, openset(kernelName, named, attributes), run];
}

function sums(): Compared[] {
  const x = sample([32, 56, 56, 64]);
  const over = (axis: number[]) => ({ axis, keepDims: false });
  return [
    compareKernel('Sum of 32 × 56² × 64', 'Sum', { x }, over([0, 1, 2, 3])),
    compareKernel('Sum of each channel', 'Sum', { x }, over([0, 1, 2])),
    compareKernel('Mean of each image and channel', 'Mean', { x }, over([1, 2])),
    compareKernel('Sum of each pixel', 'Sum', { x }, over([3])),
  ];
}

function layers(): Compared[] {
  const compared: Compared[] = [];
  for (const [shape, label] of [
    [[32, 56, 56, 64], '32 × 56² × 64'],
    [[32, 7, 7, 512], '32 × 7² × 512'],
  ] as const) {
    const channels = shape[3];
    const x = sample([...shape]);
    const dy = sample([...shape]);
    const scale = sample([channels]);
    const offset = sample([channels]);
    const alpha = sample([channels]);
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    const epsilon = { varianceEpsilon: 1e-5 };
    const plainNorm = (from: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
      const moments = tf.moments(from, [0, 1, 2]);
      return tf.batchNorm(
        from,
        moments.mean as tf.Tensor1D,
        moments.variance as tf.Tensor1D,
        beta as tf.Tensor1D,
        gamma as tf.Tensor1D,
        1e-5,
      );
    };
    const normInputs = { dy, x, mean, variance, meanError: tf.zerosLike(mean), scale, offset };
    const plainActive = (...[from, gamma, beta, slope]: tf.Tensor[]) =>
      tf.prelu(plainNorm(from!, gamma!, beta!), slope!);
    const bias = sample([channels]);
    compared.push(
      [
        `batch norm, training, ${label}`,
        openset('BatchNormTraining', { x, scale, offset }, epsilon),
        () => plainNorm(x, scale, offset),
      ],
      [
        `batch norm, training, gradients, ${label}`,
        openset('BatchNormTrainingGrad', normInputs, epsilon),
        () => tf.grads(plainNorm as (...tensors: tf.Tensor[]) => tf.Tensor)([x, scale, offset], dy),
      ],
      [
        `batch norm and PReLU, training, ${label}`,
        openset('BatchNormTraining', { x, scale, offset, slope: alpha }, epsilon),
        () => plainActive(x, scale, offset, alpha),
      ],
      [
        `batch norm and PReLU, training, gradients, ${label}`,
        openset('BatchNormTrainingGrad', { ...normInputs, slope: alpha }, epsilon),
        () => tf.grads(plainActive)([x, scale, offset, alpha], dy),
      ],
      [
        `batch norm and sum, training, ${label}`,
        openset('BatchNormTraining', { x, scale, offset, shortcut: dy }, epsilon),
        () => tf.add(plainNorm(x, scale, offset), dy),
      ],
      compareKernel(
        `batch norm, inference, ${label}`,
        'FusedBatchNorm',
        { x, mean, variance, scale, offset },
        epsilon,
      ),
      compareKernel(`PReLU, ${label}`, 'Prelu', { x, alpha }),
      [
        `PReLU, gradients, ${label}`,
        openset('PreluGrad', { dy, x, alpha }, {}),
        () => tf.grads((from: tf.Tensor, slope: tf.Tensor) => tf.prelu(from, slope))([x, alpha], dy),
      ],
      compareKernel(`leaky ReLU, ${label}`, 'LeakyRelu', { x }, { alpha: 0.1 }),
    );
    if (channels === 512) {
      const a = sample([1, 128, 25088]);
      const b = sample([1, 512, 25088]);
      const fused = { transposeA: false, transposeB: true, activation: 'relu' };
      compared.push([
        'fused product 128 × 25088 × 512ᵀ, bias, ReLU',
        openset('_FusedMatMul', { a, b, bias }, fused),
        () => tf.relu(tf.add(tf.matMul(a, b, false, true), bias)),
      ]);
    }
  }
  const embeddings = sample([4096, 512]) as tf.Tensor2D;
  compared.push([
    'rows of unit length, 4096 × 512',
    openset('L2Normalize', { x: embeddings }, { epsilon: 1e-5 }),
    () => tf.div(embeddings, tf.maximum(tf.norm(embeddings, 2, 1, true), 1e-5)),
  ]);
  return compared;
}

/** Optimizer steps on a million parameters. Extra references to the inputs keep the kernels from reusing their memory. */
function optimizers(): Compared[] {
  const [parameter, gradient, velocity, second] = [1, 2, 3, 4].map(() => sample([1024, 1024])) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const positive = tf.abs(second);
  const sgd = { learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4, nesterov: false };
  const adamW = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01, step: 10 };
  const share = (inputs: Inputs) => {
    for (const tensor of Object.values(inputs)) tf.keep(tf.clone(tensor));
    return inputs;
  };
  return [
    [
      'SGD with momentum and weight decay, 1024²',
      openset('SgdStep', share({ parameter, gradient, velocity }), sgd),
      () => {
        const slope = tf.add(gradient, tf.mul(parameter, sgd.weightDecay));
        const speed = tf.add(tf.mul(velocity, sgd.momentum), slope);
        return [speed, tf.sub(parameter, tf.mul(speed, sgd.learningRate))];
      },
    ],
    [
      'AdamW, 1024²',
      openset(
        'AdamWStep',
        share({ parameter, gradient, firstMoment: velocity, secondMoment: positive }),
        adamW,
      ),
      () => {
        const first = tf.add(tf.mul(velocity, adamW.beta1), tf.mul(gradient, 1 - adamW.beta1));
        const squares = tf.add(tf.mul(positive, adamW.beta2), tf.mul(tf.square(gradient), 1 - adamW.beta2));
        const deviation = tf.add(tf.div(tf.sqrt(squares), Math.sqrt(1 - adamW.beta2 ** 10)), adamW.epsilon);
        const step = tf.mul(tf.div(first, deviation), adamW.learningRate / (1 - adamW.beta1 ** 10));
        return [first, squares, tf.sub(tf.mul(parameter, 1 - 1e-5), step)];
      },
    ],
  ];
}

function copies(): Compared[] {
  const x = sample([32, 56, 56, 64]);
  const flat = sample([32 * 56 * 56, 64]);
  const [left, right] = [sample([64, 32, 32, 24]), sample([64, 32, 32, 12])];
  const bank = sample([10572, 512]);
  const dy = sample([128, 512]);
  const row = (count: number) =>
    tf.tensor1d(
      Int32Array.from({ length: count }, (_, k) => (k * 7919) % 10572),
      'int32',
    );
  const [indices, batch] = [row(1000), row(128)];
  return [
    compareKernel('Slice: one image of 32', 'Slice', { x }, { begin: [1, 0, 0, 0], size: [1, 56, 56, 64] }),
    compareKernel('Slice: a crop of all', 'Slice', { x }, { begin: [0, 1, 1, 0], size: [32, 54, 54, 64] }),
    compareKernel(
      'Slice: half of the channels',
      'Slice',
      { x },
      { begin: [0, 0, 0, 0], size: [32, 56, 56, 32] },
    ),
    compareKernel('Concat of 24 and 12 channels', 'Concat', [left, right], { axis: 3 }),
    compareKernel('Transpose to channels first', 'Transpose', { x }, { perm: [0, 3, 1, 2] }),
    compareKernel('Transpose 100352 × 64', 'Transpose', { x: flat }, { perm: [1, 0] }),
    compareKernel(
      'Tile one row to 32 × 56²',
      'Tile',
      { x: sample([1, 1, 1, 64]) },
      { reps: [32, 56, 56, 1] },
    ),
    compareKernel('GatherV2: 1000 rows of 512', 'GatherV2', { x: bank, indices }, { axis: 0, batchDims: 0 }),
    [
      'UnsortedSegmentSum: 128 rows to 10,572',
      openset('UnsortedSegmentSum', { x: dy, segmentIds: batch }, { numSegments: 10572 }),
      () => tf.scatterND(tf.reshape(batch, [128, 1]), dy, [10572, 512]),
    ],
  ];
}

function pools(): Compared[] {
  const input = sample([32, 56, 56, 64]);
  const dy = sample([32, 28, 28, 64]);
  const output = tf.maxPool(input as tf.Tensor4D, 2, 2, 'valid');
  const two = { filterSize: 2, strides: 2, pad: 'valid' };
  const three = { filterSize: 3, strides: 2, pad: 'same' };
  const all = { filterSize: 56, strides: 1, pad: 'valid' };
  return [
    compareKernel('MaxPool 2×2, gradient', 'MaxPoolGrad', { dy, input, output }, two),
    compareKernel('MaxPool 3×3, stride 2, gradient', 'MaxPoolGrad', { dy, input, output }, three),
    compareKernel('AvgPool 2×2, gradient', 'AvgPoolGrad', { dy, input }, two),
    compareKernel('AvgPool 56×56, gradient', 'AvgPoolGrad', { dy: sample([32, 1, 1, 64]), input }, all),
  ];
}
