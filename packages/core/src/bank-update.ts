import * as tf from '@tensorflow/tfjs-core';
import { ConfigError } from './errors.ts';
import { hasSynchronousReads } from './storage.ts';

/** A step of SGD: `g ← gradient + λ p`, `v ← momentum · v + g`, `p ← p − learningRate · v` (Nesterov: `g + momentum · v`). */
export interface SgdRule {
  readonly kind: 'sgd';
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** 0 without a slot. */
  readonly momentum: number;
  /** Whether the momentum is Nesterov's. */
  readonly nesterov: boolean;
  /** λ. */
  readonly weightDecay: number;
}

/** A step of Adam with decoupled weight decay. */
export interface AdamWRule {
  readonly kind: 'adamw';
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** Decay of the mean of the gradients. */
  readonly beta1: number;
  /** Decay of the mean of the squared gradients. */
  readonly beta2: number;
  /** Added to the root of the mean of the squared gradients. */
  readonly epsilon: number;
  /** Share of a weight that a step of rate 1 takes off. */
  readonly weightDecay: number;
  /** Number of this update of the variable, counted from 1. */
  readonly step: number;
}

/** What an optimizer does to a variable in one step, as numbers that kernels read. */
export type UpdateRule = SgdRule | AdamWRule;

/** One update of one variable, in blocks of rows. */
export interface BlockUpdate {
  /** What the step computes, with its numbers. */
  readonly rule: UpdateRule;
  /** The optimizer's tensors for the variable, of its shape: velocity, or first and second moment. */
  readonly slots: readonly tf.Tensor[];
  /** Returns the new rows of a block and of its slots. Runs inside `tf.tidy`. */
  apply(rows: tf.Tensor, gradient: tf.Tensor, slots: readonly tf.Tensor[]): readonly tf.Tensor[];
  /** Replaces the slots and takes ownership of them; the present ones if a kernel has changed them in place. */
  finish(slots: readonly tf.Tensor[]): void;
}

/**
 * An optimizer that can update a matrix in blocks of rows, so that its gradient is never stored. The optimizers of
 * `@openset/train` can; `minimize` and `Trainer` then use it.
 */
export interface BlockOptimizer {
  /**
   * Returns the collector of a step, `new PendingUpdates(this, loss, variables)`. The optimizer makes it, so that programs with other
   * optimizers need not load its code.
   */
  collectUpdates(loss: WeightedLoss, variables?: readonly tf.Variable[]): PendingUpdates;
  /** Whether `beginBlocks` supports the variable. */
  canUpdateBlocks(variable: tf.Variable): boolean;
  /** Begins the update of a variable. Counts a step when it is finished. */
  beginBlocks(variable: tf.Variable): BlockUpdate;
}

/** A gradient that is not stored: the update of a variable that computes it in blocks. */
export interface PendingUpdate {
  /** Variable that the update changes. */
  readonly variable: tf.Variable;
  /** `dL/dloss` of the operation: the factor of the gradient. NaN if only the device knows it; null before the backward pass. */
  readonly factor: number | null;
  /** Whether the variable has changed already, together with its loss. */
  readonly isApplied: boolean;
  /**
   * Updates the variable. Call it once, before anything else that the loss read has changed.
   * @returns the sum of squares of the gradient, a scalar; the caller disposes of it
   */
  apply(optimizer: BlockOptimizer): tf.Scalar;
  /** Frees what the update holds; safe to call more than once. */
  dispose(): void;
}

/** Returns whether an optimizer can update in blocks. */
export function isBlockOptimizer(optimizer: object): optimizer is BlockOptimizer {
  return 'collectUpdates' in optimizer;
}

/** The part of a loss that pending updates read. */
export interface WeightedLoss {
  /** The class name. */
  readonly name: string;
  /** Its class weights, if it has them. */
  readonly weight?: unknown;
}

let links = 0;

/** Variables of losses that passed the upstream gradient 1 on to the operation in their last step. */
const directVariables = new WeakSet<tf.Variable>();

/** Variables that their losses read more than once: their steps need the whole gradient. */
const repeatedVariables = new WeakSet<tf.Variable>();

/** Collects the updates of one step. A loss adds one for each variable whose gradient it does not return. */
export class PendingUpdates {
  /**
   * A scalar that the operation of a pending update depends on. It keeps the operation on the gradient tape if nothing else that is
   * trained does.
   */
  readonly link: tf.Variable<tf.Rank.R0>;
  /** Optimizer of the step, which owns the slots. */
  readonly optimizer: BlockOptimizer;
  private readonly loss: WeightedLoss;
  private readonly variables: readonly tf.Variable[] | undefined;
  private readonly pending = new Map<tf.Variable, PendingUpdate>();

  /**
   * @param loss the loss of the step
   * @param variables those that are trained; default all
   */
  constructor(optimizer: BlockOptimizer, loss: WeightedLoss, variables?: readonly tf.Variable[]) {
    this.optimizer = optimizer;
    this.loss = loss;
    this.variables = variables;
    this.link = tf.tidy(() => tf.variable(tf.scalar(0), true, `pendingUpdates_${++links}`));
  }

  /** Whether the gradient of a variable may be replaced by a pending update. */
  accepts(variable: tf.Variable): boolean {
    const { variables, optimizer } = this;
    const isTrained = variable.trainable && (variables?.includes(variable) ?? true);
    const isFree = !this.pending.has(variable) && !repeatedVariables.has(variable);
    return isTrained && isFree && optimizer.canUpdateBlocks(variable);
  }

  /**
   * Whether a variable may change together with its loss, before the upstream gradient is known: it belongs to the loss of the step
   * itself, not to a part, and the step before had the upstream gradient 1.
   */
  mayApply(variable: tf.Variable): boolean {
    return hasSynchronousReads() && this.loss.weight === variable && directVariables.has(variable);
  }

  /** Adds an update and takes ownership of it. */
  add(update: PendingUpdate): void {
    this.pending.set(update.variable, update);
  }

  /**
   * Returns the updates that the backward pass has reached; the caller disposes of them. Returns null if a variable also has a gradient:
   * the loss reads it more than once, and the step needs the whole gradient.
   * @param value the loss; disposed of, like the gradients, if there are no updates to return
   * @param gradients the gradients by name of the variable; loses that of `link`
   * @throws ConfigError if a loss has scaled a gradient that was applied together with it
   */
  take(value: tf.Scalar, gradients: tf.NamedTensorMap): readonly PendingUpdate[] | null {
    gradients[this.link.name]?.dispose();
    delete gradients[this.link.name];
    let updates: readonly PendingUpdate[] | null = null;
    try {
      updates = this.takeReached(({ name }) => Boolean(gradients[name]));
      return updates;
    } finally {
      if (!updates) tf.dispose([value, ...Object.values(gradients)]);
    }
  }

  private takeReached(hasGradient: (variable: tf.Variable) => boolean): readonly PendingUpdate[] | null {
    const repeated = [...this.pending.keys()].filter(hasGradient);
    if (repeated.length > 0) {
      for (const variable of repeated) repeatedVariables.add(variable);
      this.dispose();
      return null;
    }
    this.link.dispose();
    const updates = [...this.pending.values()];
    this.pending.clear();
    for (const { variable, factor, isApplied } of updates) {
      if (factor === 1) directVariables.add(variable);
      else directVariables.delete(variable);
      if (!isApplied || factor === 1) continue;
      for (const update of updates) update.dispose();
      throw new ConfigError(
        `The loss ${this.loss.name} has changed the factor of the gradient of '${variable.name}' from 1 to ${factor}. Compute the ` +
          'factor before the loss, and pass it to the operation as its weight.',
      );
    }
    const unused = updates.filter(({ factor }) => factor === null);
    for (const update of unused) update.dispose();
    return updates.filter(({ factor }) => factor !== null);
  }

  /** Frees everything, after a failure. */
  dispose(): void {
    this.link.dispose();
    for (const update of this.pending.values()) update.dispose();
    this.pending.clear();
  }
}
