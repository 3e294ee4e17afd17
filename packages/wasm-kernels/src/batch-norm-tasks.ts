import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { chunkElements, chunksOf } from './chunks.ts';
import { type Columns, columnsOf, rowWidth } from './columns.ts';
import { batchNormParametersTask, batchNormSumsTask, slopedGradientSums } from './elementwise-task-ids.ts';
import type { KernelScope } from './kernel-scope.ts';
import type { NativeModule } from './native-module.ts';

/** Maximum parts of the rows. Each has sums of its own, which are added up at the end. */
const maxParts = 32;

/** Layout of the data for the tasks of assembly/batch-norm.ts. */
export interface BatchNormTasks extends Columns {
  /** Elements of x. */
  readonly count: number;
  /** Elements of a row, which has one or more pixels. */
  readonly width: number;
}

/** Returns the layout of x. */
export function tasksOf(x: TensorInfo): BatchNormTasks {
  const columns = columnsOf(x);
  return { ...columns, count: util.sizeFromShape(x.shape), width: rowWidth(columns) };
}

/** Operands of {@link batchNormSums}. */
export interface SumsOperands {
  /** Variant of `batchNormSumsTask`. */
  readonly kind: number;
  readonly x: TensorInfo;
  readonly dy?: TensorInfo;
  readonly parameters?: TensorInfo;
}

/** Sums the rows of x in parts. Returns the sums, in the layout of assembly/batch-norm.ts. */
export function batchNormSums(
  scope: KernelScope,
  native: NativeModule,
  { count, width }: BatchNormTasks,
  { kind, x, dy, parameters }: SumsOperands,
): { memory: TensorInfo; parts: number } {
  const quantities = kind === slopedGradientSums ? 3 : 2;
  const rows = chunksOf(count, width);
  const rowsOfPart = Math.ceil(rows / Math.min(maxParts, chunksOf(count, chunkElements)));
  const parts = chunksOf(rows, rowsOfPart);
  // Float64 and float32 sums.
  const memory = scope.allocate([parts, quantities, 4 * Math.ceil(width / 4), 3]);
  const layout = [native.address(memory), count, width, rowsOfPart, kind];
  native.run(batchNormSumsTask, parts, [...layout, ...native.addresses(x, dy, parameters)]);
  return { memory, parts };
}

/** Parameters of the channels, `[channels]` each. */
export interface ChannelLists {
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly meanError: TensorInfo;
  readonly scale?: TensorInfo | undefined;
  readonly offset?: TensorInfo | undefined;
  readonly slope?: TensorInfo | undefined;
}

/** Returns the parameters of all columns, in the layout of assembly/batch-norm.ts, without those of the gradient of x. */
export function batchNormParameters(
  scope: KernelScope,
  native: NativeModule,
  { channels, width }: BatchNormTasks,
  { mean, variance, meanError, scale, offset, slope }: ChannelLists,
  epsilon: number,
): TensorInfo {
  const parameters = scope.allocate([Math.ceil(width / 4), 6, 4]);
  const tensors = native.addresses(mean, variance, meanError, scale, offset, slope);
  const words = [native.address(parameters), width, channels, ...tensors];
  native.run(batchNormParametersTask, 1, words, [epsilon]);
  return parameters;
}
