import * as tf from '@tensorflow/tfjs-core';
import { checkBatchShapes, checkBatchValues } from './check-batch.ts';
import { copyShard, markShard, type RowRange, sharding } from './class-shard.ts';
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

/** Options that every loss over a bank of class vectors shares. */
export interface BankLossOptions {
  /** Number of classes (C or N in the papers), at least 1. */
  readonly numClasses: number;
  /** Length of an embedding, at least 1. */
  readonly embeddingSize: number;
  /** Seed of the initial values; default 0. */
  readonly seed?: number;
  /** Number of classes computed at a time; default: blocks of 1 MB. Does not change the result. */
  readonly blockSize?: number;
}

/** Returns the initial values of some rows of a variable that has rows for each class. */
export type InitialRows<R extends tf.Rank> = (rows: RowRange) => tf.Tensor<R>;

let instances = 0;

/** Returns a prefix that no variable has: tfjs rejects a second one of the same name, also from another copy of this module. */
function unusedPrefix(name: string): string {
  const taken = Object.keys(tf.engine().state.registeredVariables);
  let prefix: string;
  do prefix = `${name}_${++instances}/`;
  while (taken.some((variable) => variable.startsWith(prefix)));
  return prefix;
}

/**
 * Base class of losses with state: variables with unique names, snapshots, and checks of a batch. A subclass creates its
 * variables in the constructor, with `addTrainable` and `addMemory`, and implements `forward`.
 */
export abstract class StatefulLoss implements OpenSetLoss {
  readonly name: string;
  readonly trainable: tf.Variable[] = [];
  readonly memory: tf.Variable[] = [];
  /** Number of classes, at least 1. */
  readonly numClasses: number;
  /** Number of values of an embedding, at least 1. */
  readonly embeddingSize: number;
  private readonly config: LossConfig;
  private readonly variables = new Map<string, tf.Variable>();
  private readonly prefix: string;
  /** The shard that this loss is; nothing if it holds all classes. */
  private readonly shard = sharding.scope;
  private disposed = false;

  /**
   * @param name the class name
   * @param options the options of the caller, without defaults; `getConfig` returns them
   * @throws ConfigError if a size is not a whole number of at least 1
   */
  protected constructor(name: string, options: BankLossOptions) {
    checkNumber(`${name}: numClasses`, options.numClasses, { minimum: 1, integer: true });
    checkNumber(`${name}: embeddingSize`, options.embeddingSize, { minimum: 1, integer: true });
    this.name = name;
    this.numClasses = options.numClasses;
    this.embeddingSize = options.embeddingSize;
    // Too many ranks are refused before a variable exists.
    this.shard?.rowsOf(this, 1);
    this.config = { ...options, loss: name };
    this.prefix = unusedPrefix(name);
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
    return Object.fromEntries(
      [...this.variables].map(([key, variable]) => [key, copyShard(tf.clone(variable), variable)]),
    );
  }

  setState(state: tf.NamedTensorMap): void {
    this.checkAlive();
    const missing = [...this.variables.keys()].filter((key) => !(key in state));
    const unknown = Object.keys(state).filter((key) => !this.variables.has(key));
    if (missing.length > 0 || unknown.length > 0) {
      const expected = [...this.variables.keys()].join(', ') || 'none';
      const found = Object.keys(state).join(', ') || 'none';
      throw new DataError(`${this.name}: the state must have the tensors ${expected}, but has ${found}.`);
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

  /**
   * Creates a variable that the optimizer changes. Disposes of the initial value.
   * @param key name of the variable in the state, such as `weight`
   * @param initial a function of the rows for a variable that has rows for each class: a shard holds those of its classes alone
   * @param rowsOfEach number of rows of each class
   */
  protected addTrainable<R extends tf.Rank>(
    key: string,
    initial: tf.Tensor<R> | InitialRows<R>,
    rowsOfEach = 1,
  ): tf.Variable<R> {
    return this.addVariable(key, initial, rowsOfEach, this.trainable);
  }

  /**
   * Creates a variable that `commit` changes. Disposes of the initial value.
   * @param key name of the variable in the state, such as `featureMemory`
   * @param initial a function of the rows for a variable that has one row for each class, as in `addTrainable`
   */
  protected addMemory<R extends tf.Rank>(
    key: string,
    initial: tf.Tensor<R> | InitialRows<R>,
  ): tf.Variable<R> {
    return this.addVariable(key, initial, 1, this.memory);
  }

  private addVariable<R extends tf.Rank>(
    key: string,
    initial: tf.Tensor<R> | InitialRows<R>,
    rowsOfEach: number,
    list: tf.Variable[],
  ): tf.Variable<R> {
    const isByClass = typeof initial === 'function';
    const total = this.numClasses * rowsOfEach;
    const held = isByClass && this.shard ? this.shard.rowsOf(this, rowsOfEach) : null;
    const value = isByClass ? initial(held ?? { start: 0, count: total, total }) : initial;
    const variable = tf.variable(value, list === this.trainable, this.prefix + key);
    value.dispose();
    if (held) markShard(variable, held);
    this.variables.set(key, variable as tf.Variable);
    list.push(variable as tf.Variable);
    return variable;
  }

  /**
   * Checks a batch, with hard labels `[batch]` or soft targets `[batch, numClasses]`. Checks shapes always, and values according to
   * `context.checkValues`.
   * @throws ShapeError for wrong shapes
   * @throws DataError for labels out of range, or embeddings that are not finite
   * @throws ConfigError if the loss was disposed of
   * @throws MissingKernelError if the backend lacks a kernel that losses need
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

  /**
   * Checks a batch like `checkBatch`, for losses that need one class for each sample.
   * @returns the labels, `[batch]`
   * @throws ShapeError for soft targets too
   */
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

  /**
   * Returns numbers for `inspect`: checks a batch with hard labels, computes tensors by name in a `tf.tidy`, and reads them.
   * @param measure returns the tensors; also variables and inputs
   * @throws ShapeError, DataError, ConfigError as `forward` does
   */
  protected async readFromBatch<Name extends string>(
    embeddings: tf.Tensor2D,
    labels: tf.Tensor1D,
    context: LossContext | undefined,
    measure: (labels: tf.Tensor1D) => Record<Name, tf.Tensor>,
  ): Promise<Record<Name, tf.TypedArray>> {
    this.shard?.refuseInspect(this.name);
    const checked = this.checkHardBatch(embeddings, labels, context);
    const tensors: tf.Tensor[] = [];
    const names = tf.tidy(() => {
      const measured = measure(checked);
      for (const tensor of Object.values<tf.Tensor>(measured)) tensors.push(tf.keep(tf.clone(tensor)));
      return Object.keys(measured);
    });
    const values = await Promise.all(tensors.map((tensor) => tensor.data()));
    tf.dispose(tensors);
    return Object.fromEntries(names.map((name, index) => [name, values[index]])) as Record<
      Name,
      tf.TypedArray
    >;
  }
}

/** What a computation passes on to its step. */
export interface Hold {
  /** Keeps a tensor until the step is disposed of, even if a gradient tape or an enclosing `tf.tidy` ends. Returns the tensor. */
  <T extends tf.Tensor>(tensor: T): T;
  /** Adds an action to `step.commit()`. It runs after those added before, and before the `commit` that the computation returns. */
  onCommit(action: () => void): void;
  /** Keeps a tensor, and assigns it to a variable in `step.commit()`. */
  assignOnCommit(variable: tf.Variable, value: tf.Tensor): void;
}

/**
 * Creates the step of a loss. Evaluates `compute` in a `tf.tidy`, so only the loss and held tensors survive it.
 *
 * @param compute returns the loss, the losses of the samples if it has them, and the function that `step.commit()` runs; `hold`
 *   keeps a tensor for that function
 */
export function makeStep(
  compute: (hold: Hold) => { loss: tf.Scalar; rowLosses?: tf.Tensor1D | undefined; commit?: () => void },
): LossStep {
  let rowLosses: tf.Tensor1D | undefined;
  const step = prepareStep((hold) => {
    const result = compute(hold);
    rowLosses = result.rowLosses && hold(result.rowLosses);
    return result;
  });
  return rowLosses ? { ...step, rowLosses } : step;
}

/**
 * Creates a step without a loss, for `observe`, in the same way as `makeStep`.
 * @param compute returns the function that `step.commit()` runs
 */
export function makeStateStep(compute: (hold: Hold) => () => void): StateStep {
  return prepareStep((hold) => ({ loss: undefined, commit: compute(hold) }));
}

function prepareStep<Loss extends tf.Scalar | undefined>(
  compute: (hold: Hold) => { loss: Loss; commit?: () => void },
): StateStep & { readonly loss: Loss } {
  const held: tf.Tensor[] = [];
  const actions: (() => void)[] = [];
  const keep = <T extends tf.Tensor>(tensor: T): T => {
    held.push(tf.keep(tensor));
    return tensor;
  };
  const hold: Hold = Object.assign(keep, {
    onCommit: (action: () => void) => {
      actions.push(action);
    },
    assignOnCommit: (variable: tf.Variable, value: tf.Tensor) => {
      keep(value);
      actions.push(() => variable.assign(value));
    },
  });
  const disposeHeld = () => {
    for (const tensor of held.splice(0)) tensor.dispose();
  };
  let loss: Loss;
  try {
    loss = tf.tidy(() => {
      const result = compute(hold);
      if (result.commit) hold.onCommit(result.commit);
      return result.loss;
    });
  } catch (error) {
    disposeHeld();
    throw error;
  }
  let isSpent = false;
  return {
    loss,
    commit: () => {
      if (isSpent) throw new ConfigError('A step can be committed once, before it is disposed of.');
      isSpent = true;
      tf.tidy(() => {
        for (const action of actions) action();
      });
    },
    dispose: () => {
      isSpent = true;
      disposeHeld();
      if (loss && !loss.isDisposed) loss.dispose();
    },
  };
}
