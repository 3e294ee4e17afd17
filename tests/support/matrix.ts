import {
  asBackbone,
  cifarDenseNet,
  cifarResNet,
  lresnetIR,
  mobileFaceNet,
  smallCnn,
} from '@openset/backbones';
import {
  type Backbone,
  createLoss,
  type LossDescriptor,
  type LossGradients,
  lossGradients,
  type OpenSetLoss,
} from '@openset/core';
import { Sgd } from '@openset/train';
import * as tf from '@tensorflow/tfjs';
import { losses } from '../../packages/cli/src/losses.ts';

/** Side of the images: small, but enough for four halvings. */
const inputSize = 16;
const embeddingSize = 6;
const numClasses = 6;
const common = { inputSize, channels: 1, embeddingSize, seed: 1 } as const;

/** One small backbone of every family. */
export const backbones: Readonly<Record<string, () => Backbone>> = {
  'LResNetE-IR': () => lresnetIR({ ...common, blocks: [1, 1], width: 2, dropout: 0.2 }),
  'LResNetE-IR, gradient checkpointing': () =>
    lresnetIR({ ...common, blocks: [1, 1], width: 2, dropout: 0.2, checkpointing: true }),
  MobileFaceNet: () => mobileFaceNet({ ...common, width: 2 }),
  'CIFAR ResNet-18': () => cifarResNet({ ...common, inputSize: 8, width: 2 }),
  'CIFAR ResNet-50': () => cifarResNet({ ...common, inputSize: 8, depth: 50, width: 2 }),
  'CIFAR DenseNet': () => cifarDenseNet({ ...common, inputSize: 8, blocks: [2, 2], growthRate: 4 }),
  'small CNN': () => smallCnn({ ...common, width: 4 }),
  'any LayersModel': () => asBackbone(layersModel(), { trainable: true }),
};

function layersModel(): tf.LayersModel {
  return tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [inputSize, inputSize, 1] }),
      tf.layers.dense({
        units: embeddingSize,
        kernelInitializer: tf.initializers.glorotUniform({ seed: 1 }),
      }),
    ],
  });
}

/** Configuration of the nested loss, for losses that need one. */
const classLoss = { loss: 'CosFaceLoss', scale: 8 };

/**
 * Functions that create the losses, by class name. All parts are active from the first step. The options avoid what prevents a
 * loss from decreasing along its gradient: the detached margin of EPL, and the jump of easy margins at a right angle.
 */
export const lossMakers: Readonly<Record<string, () => OpenSetLoss>> = Object.fromEntries(
  losses
    .filter(({ conformance }) => conformance.length > 0)
    .map((descriptor) => [descriptor.name, () => makeSmallLoss(descriptor)] as const)
    .sort(([first], [second]) => (first < second ? -1 : 1)),
);

function makeSmallLoss({ name, options }: LossDescriptor): OpenSetLoss {
  const starts = { startEpoch: 1, startIteration: 0, lowerNorm: 0.1 };
  const wanted = { scale: 8, ...starts, empiricalMargin: 0, branch: 'linear', easyMargin: false };
  const own = Object.entries(wanted).filter(([key]) => key in options);
  const nested = options.classLoss?.required ? { classLoss } : {};
  const config = { ...Object.fromEntries(own), ...nested, loss: name };
  return createLoss(config, losses, { numClasses, embeddingSize, seed: 1 });
}

/** A training on one batch. */
export interface BatchTraining {
  /** Takes a step of a fixed, small length. Returns the loss before it. */
  step(): Promise<number>;
  /** Computes the loss without a step. */
  loss(): Promise<number>;
  dispose(): void;
}

/** Starts the training of a backbone with a loss on one batch. */
export function startTraining(makeBackbone: () => Backbone, makeLoss: () => OpenSetLoss): BatchTraining {
  const backbone = makeBackbone();
  const loss = makeLoss();
  const optimizer = new Sgd({ learningRate: 0.001 });
  const [height, width] = backbone.inputShape as [number, number, number];
  const images = tf.randomUniform([12, height, width, 1], -1, 1, 'float32', 5) as tf.Tensor4D;
  const labels = tf.tensor1d([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], 'int32');
  const embed = () => backbone.forward(images, { training: true, seed: 7 });
  // Commit once without an optimizer step, so that memories contain a sample of each class, and biases have started.
  tf.tidy(() => {
    const step = loss.forward(embed(), labels, { epoch: 0 });
    step.commit();
    step.dispose();
  });
  const variables = [...backbone.trainable, ...loss.trainable];
  return {
    async step() {
      const { value, gradients, step } = lossGradients(loss, embed, labels, {
        context: { epoch: 0 },
        variables,
      });
      const before = (await value.data())[0]!;
      tf.tidy(() => optimizer.applyGradients(unitGradients(gradients)));
      step.commit();
      step.dispose();
      tf.dispose([value, ...gradients.values()]);
      backbone.afterStep?.();
      return before;
    },
    async loss() {
      const value = tf.tidy(() => loss.forward(embed(), labels, { epoch: 0 }).loss);
      const [number] = await value.data();
      value.dispose();
      return number!;
    },
    dispose() {
      tf.dispose([labels, images]);
      optimizer.dispose();
      loss.dispose();
      backbone.dispose();
    },
  };
}

/** Results of two steps on one batch. */
export interface MatrixCell {
  /** Losses before the first step, after it, and after the second step. */
  readonly losses: readonly number[];
  /** Number of tensors that the second step leaked. */
  readonly leaked: number;
}

/** Trains two steps of the same small length on one batch, and computes the loss of a third. */
export async function trainTwoSteps(
  makeBackbone: () => Backbone,
  makeLoss: () => OpenSetLoss,
): Promise<MatrixCell> {
  const training = startTraining(makeBackbone, makeLoss);
  const first = await training.step();
  const before = tf.memory().numTensors;
  const second = await training.step();
  const leaked = tf.memory().numTensors - before;
  const third = await training.loss();
  training.dispose();
  return { losses: [first, second, third], leaked };
}

/** Why a pair has not learned; null if it has. */
export function faultOf({ losses, leaked }: MatrixCell): string | null {
  if (!losses.every(Number.isFinite)) return `the losses ${losses.join(', ')} are not finite`;
  if (!(losses[2]! < losses[0]!)) return `the loss does not fall: ${losses.join(', ')}`;
  return leaked === 0 ? null : `the second step leaked ${leaked} tensors`;
}

/** Scales all gradients to a joint length of 1, because the gradient of a cosine grows without bound as vectors shrink. */
function unitGradients(gradients: LossGradients['gradients']): { name: string; tensor: tf.Tensor }[] {
  // Not `tf.addN`: of more than 7 tensors it is wrong on webgpu, and of more than 16 it leaks textures on webgl.
  const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
  const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
  return [...gradients].map(([{ name }, gradient]) => ({ name, tensor: tf.div(gradient, norm) }));
}
