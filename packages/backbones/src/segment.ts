import type * as tf from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { Layer, Pass } from './layers/stock-layer.ts';

/** One layer with its inputs and its output. */
export interface Step {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  readonly output: SymbolicTensor;
  /** Inputs that no later step reads. */
  readonly lastUses: readonly SymbolicTensor[];
}

/** One or more layers that training runs together. */
export interface TrainingStep {
  readonly inputs: readonly SymbolicTensor[];
  /** Results of `run`. An input among them is replaced: later steps read the result. */
  readonly outputs: readonly SymbolicTensor[];
  readonly run: (inputs: readonly tf.Tensor[], pass: Pass) => readonly tf.Tensor[];
  /** Inputs that no later step reads. */
  readonly lastUses: readonly SymbolicTensor[];
}

/** A part of a network whose only input is one tensor, and whose only output is one tensor. */
export interface Segment {
  readonly input: SymbolicTensor;
  readonly steps: readonly Step[];
  /** The same computation for training, with layers in one operation where that is faster. */
  readonly trainingSteps: readonly TrainingStep[];
  readonly output: SymbolicTensor;
  readonly trainable: readonly tf.Variable[];
}
