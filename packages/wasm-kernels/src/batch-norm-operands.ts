import type { TensorInfo } from '@tensorflow/tfjs-core';
import { columnsOf, requireFloats, requireSize } from './columns.ts';

/** Inputs of `BatchNormTraining`. */
export interface BatchNormInputs {
  /** `[..., channels]` */
  x: TensorInfo;
  /** `[channels]`; default 1. */
  scale?: TensorInfo;
  /** `[channels]`; default 0. */
  offset?: TensorInfo;
  /** Slopes of a PReLU after the batch norm, one for each channel; default: no PReLU. */
  slope?: TensorInfo;
  /** Tensor of the shape of x that is added to the result; default: none. Excludes `slope`. */
  shortcut?: TensorInfo;
  /** Running statistics before this batch, `[channels]`; default: none. */
  runningMean?: TensorInfo;
  runningVariance?: TensorInfo;
}

/** Attributes of `BatchNormTraining`. */
export interface BatchNormAttributes {
  varianceEpsilon: number;
  /** Share that running statistics keep of their value; default 0.9. */
  momentum?: number;
}

/** Results of `BatchNormTraining` as tensors to fill. */
export interface BatchNormOutputs {
  readonly y: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly meanError: TensorInfo;
  /** New running mean and variance; empty without running statistics. */
  readonly running: readonly TensorInfo[];
}

/** Inputs of `BatchNormTrainingGrad`: inputs and outputs of `BatchNormTraining`, and gradients. */
export interface BatchNormGradientInputs {
  /** Gradient of y. */
  dy: TensorInfo;
  x: TensorInfo;
  mean: TensorInfo;
  variance: TensorInfo;
  meanError: TensorInfo;
  scale?: TensorInfo;
  offset?: TensorInfo;
  slope?: TensorInfo;
  /** Gradient of x from elsewhere, which is added to the result; default: none. Excludes `slope`. */
  otherGradient?: TensorInfo;
}

/** Attributes of `BatchNormTrainingGrad`. */
export interface BatchNormGradientAttributes {
  varianceEpsilon: number;
  /** Whether the gradient of x may overwrite `dy` or `otherGradient`, unless others share its memory; default false. */
  mayOverwrite?: boolean;
}

/** Results of `BatchNormTrainingGrad` as tensors to fill. */
export interface BatchNormGradientOutputs {
  readonly dx: TensorInfo;
  readonly dScale: TensorInfo;
  readonly dOffset: TensorInfo;
  readonly dSlope?: TensorInfo | undefined;
}

/** Operands in the shape of x. The others have a value for each channel. */
const maps = ['x', 'dy', 'shortcut', 'otherGradient'];

/** Throws unless all operands are float32 and have the size that x asks for. */
export function checkOperands(kernel: string, inputs: BatchNormInputs | BatchNormGradientInputs): void {
  const operands = inputs as unknown as Readonly<Record<string, TensorInfo | undefined>>;
  const { x } = inputs;
  const { rows, channels } = columnsOf(x);
  // Without lists of pairs, which would take a tenth of the time of a small batch norm.
  for (const name of Object.keys(operands)) {
    const operand = operands[name];
    if (!operand) continue;
    if (operand.dtype !== 'float32') requireFloats(kernel, { [name]: operand });
    requireSize(kernel, name, operand, x, maps.includes(name) ? rows * channels : channels);
  }
}
