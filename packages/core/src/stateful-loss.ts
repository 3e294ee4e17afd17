import * as tf from '@tensorflow/tfjs-core';
import { checkBatchShapes, checkBatchValues } from './check-inputs.ts';
import type {
  LearnedThreshold,
  LossConfig,
  LossContext,
  LossStep,
  OpenSetLoss,
  StateStep,
} from './contract.ts';
import { requireKernels } from './describe-backend.ts';
import { ConfigError, checkNumber, DataError, ShapeError, shapeText } from './errors.ts';
import { lossKernels } from './kernel-needs.ts';

/** Options of every loss over a bank of class vectors. */
export interface BankLossOptions {
  /** Number of classes (C or N in the papers), at least 1. */
  readonly numClasses: number;
  /** Length of an embedding. */
  readonly embeddingSize: number;
  /** Seed of the initial values; default 0. */
  readonly seed?: number;
  /** Classes held at a time while the loss is computed; the result does not depend on it. */
  readonly blockSize?: number;
}

let instances = 0;

/**
 * What all losses with state have in common: variables with unique names, snapshots, checks of a batch. A loss
 * extends it, makes its variables in the constructor, and writes `forward`.
 */
export abstract class StatefulLoss implements OpenSetLoss {
  readonly name: string;
  readonly trainable: tf.Variable[] = [];
  readonly memory: tf.Variable[] = [];
  readonly numClasses: number;
  readonly embeddingSize: number;
  private readonly config: LossConfig;
  private readonly variables = new Map<string, tf.Variable>();
  private readonly prefix: string;
  private disposed = false;

  /**
   * @param name the class name
   * @param options the options as given, kept for `getConfig`
   * @throws ConfigError if a size is not a whole number of at least 1
   */
  protected constructor(name: string, options: BankLossOptions) {
    checkNumber(`${name}: numClasses`, options.numClasses, { minimum: 1, integer: true });
    checkNumber(`${name}: embeddingSize`, options.embeddingSize, { minimum: 1, integer: true });
    this.name = name;
    this.numClasses = options.numClasses;
    this.embeddingSize = options.embeddingSize;
    this.config = { ...options, loss: name };
    // tfjs refuses two variables of one name in a process.
    this.prefix = `${name}_${++instances}`;
  }

  abstract forward(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    context?: LossContext,
  ): LossStep;

  threshold(): LearnedThreshold | null {
    return null;
  }

  getConfig(): LossConfig {
    return structuredClone(this.config);
  }

  getState(): tf.NamedTensorMap {
    this.checkAlive();
    return Object.fromEntries([...this.variables].map(([key, variable]) => [key, tf.clone(variable)]));
  }

  setState(state: tf.NamedTensorMap): void {
    this.checkAlive();
    const missing = [...this.variables.keys()].filter((key) => !(key in state));
    const unknown = Object.keys(state).filter((key) => !this.variables.has(key));
    if (missing.length > 0 || unknown.length > 0) {
      const expected = [...this.variables.keys()].join(', ') || 'none';
      const found = Object.keys(state).join(', ') || 'none';
      throw new DataError(`${this.name} keeps the state tensors ${expected}, but was given ${found}.`);
    }
    for (const [key, variable] of this.variables) {
      const tensor = state[key] as tf.Tensor;
      if (tensor.isDisposed) throw new DataError(`${this.name}: state tensor '${key}' was disposed of.`);
      if (!tf.util.arraysEqual(tensor.shape, variable.shape) || tensor.dtype !== variable.dtype) {
        throw new ShapeError(
          `${this.name}: state tensor '${key}' must be ${variable.dtype} ${shapeText(variable.shape)}, but is ` +
            `${tensor.dtype} ${shapeText(tensor.shape)}.`,
        );
      }
    }
    for (const [key, variable] of this.variables) {
      tf.tidy(() => variable.assign(tf.clone(state[key] as tf.Tensor)));
    }
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const variable of this.variables.values()) variable.dispose();
  }

  /** Makes a variable for the optimizer to move; takes `initial` over. `key` is its public name in the state. */
  protected addTrainable<R extends tf.Rank>(key: string, initial: tf.Tensor<R>): tf.Variable<R> {
    return this.addVariable(key, initial, this.trainable);
  }

  /** Makes a variable for `commit` to move; takes `initial` over. `key` is its public name in the state. */
  protected addMemory<R extends tf.Rank>(key: string, initial: tf.Tensor<R>): tf.Variable<R> {
    return this.addVariable(key, initial, this.memory);
  }

  private addVariable<R extends tf.Rank>(
    key: string,
    initial: tf.Tensor<R>,
    list: tf.Variable[],
  ): tf.Variable<R> {
    const variable = tf.variable(initial, list === this.trainable, `${this.prefix}/${key}`);
    initial.dispose();
    this.variables.set(key, variable as tf.Variable);
    list.push(variable as tf.Variable);
    return variable;
  }

  /**
   * Checks a batch: shapes always, values where reading is free or the context asks for it.
   * @throws ShapeError, DataError; ConfigError if the loss was disposed of; MissingKernelError
   */
  protected checkBatch(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    context: LossContext | undefined,
  ): void {
    this.checkAlive();
    requireKernels(lossKernels.required, this.name);
    checkBatchShapes({ embeddings, labels }, this);
    checkBatchValues({ embeddings, labels }, this.numClasses, context);
  }

  private checkAlive(): void {
    if (this.disposed) throw new ConfigError(`This ${this.name} was disposed of; make a new one.`);
  }

  /** Like `checkBatch`, for losses whose memory needs one class for each sample. */
  protected checkHardBatch(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D | tf.Tensor2D,
    context: LossContext | undefined,
  ): tf.Tensor1D {
    this.checkBatch(embeddings, labels, context);
    if (labels.rank !== 1) {
      throw new ShapeError(
        `${this.name} needs labels [batch], one class for each sample, but they have shape ${shapeText(labels.shape)}.`,
      );
    }
    return labels as tf.Tensor1D;
  }
}

/** Keeps a tensor until the step is disposed of, also through the tidy of a gradient tape. */
export type Hold = <T extends tf.Tensor>(tensor: T) => T;

/**
 * Makes the step of a loss: evaluates `compute` in a `tf.tidy`, and keeps what `hold` registers until the step is
 * disposed of, also through the tidy of a gradient tape.
 */
export function makeStep(compute: (hold: Hold) => { loss: tf.Scalar; commit?: () => void }): LossStep {
  const {
    value: loss,
    commit,
    dispose,
  } = prepare((hold) => {
    const { loss: value, commit } = compute(hold);
    return { value, commit };
  });
  return {
    loss,
    commit,
    dispose: () => {
      dispose();
      if (!loss.isDisposed) loss.dispose();
    },
  };
}

/** Makes a step without a loss, for `observe`, as `makeStep` makes one with it. `compute` returns what `commit` does. */
export function makeStateStep(compute: (hold: Hold) => () => void): StateStep {
  const { commit, dispose } = prepare((hold) => ({ value: undefined, commit: compute(hold) }));
  return { commit, dispose };
}

function prepare<Value extends tf.Tensor | undefined>(
  compute: (hold: Hold) => { value: Value; commit?: (() => void) | undefined },
): StateStep & { readonly value: Value } {
  const held: tf.Tensor[] = [];
  const hold: Hold = (tensor) => {
    held.push(tf.keep(tensor));
    return tensor;
  };
  const disposeHeld = () => {
    for (const tensor of held.splice(0)) tensor.dispose();
  };
  let commit: (() => void) | undefined;
  let value: Value;
  try {
    value = tf.tidy(() => {
      const result = compute(hold);
      commit = result.commit;
      return result.value;
    });
  } catch (error) {
    disposeHeld();
    throw error;
  }
  let spent = false;
  return {
    value,
    commit: () => {
      if (spent) throw new ConfigError('A step can be committed once, before it is disposed of.');
      spent = true;
      tf.tidy(() => commit?.());
    },
    dispose: () => {
      spent = true;
      disposeHeld();
    },
  };
}
