import {
  type BlockOptimizer,
  type LossGradients,
  type PendingUpdate,
  type Ranks,
  shardOf,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** The gradients of one step, summed over its micro-batches. A variable that no micro-batch used has none. */
export class GradientSum {
  readonly #sums = new Map<tf.Variable, tf.Tensor>();
  /** Sums of squares of the gradients, once their norm is known. */
  readonly #squares = new Map<tf.Variable, tf.Scalar>();
  #updates: readonly PendingUpdate[] = [];
  #step: LossGradients['step'] | null = null;

  /** Adds the gradients of a micro-batch and takes ownership of their tensors. */
  add(gradients: LossGradients['gradients']): void {
    for (const [variable, gradient] of gradients) this.addOne(variable, gradient);
  }

  /** Adds a gradient and takes ownership of its tensor. */
  addOne(variable: tf.Variable, gradient: tf.Tensor): void {
    const before = this.#sums.get(variable);
    this.#sums.set(variable, before ? tf.add(before, gradient) : gradient);
    if (before) tf.dispose([before, gradient]);
  }

  /** Returns the gradient of a variable; undefined if there is none. */
  get(variable: tf.Variable): tf.Tensor | undefined {
    return this.#sums.get(variable);
  }

  /** Replaces the gradient of a variable, and takes ownership of the tensor. */
  set(variable: tf.Variable, gradient: tf.Tensor): void {
    this.#sums.get(variable)?.dispose();
    this.#sums.set(variable, gradient);
  }

  /**
   * Adds updates that stand for gradients of a single micro-batch, and the state change that follows them. Takes ownership of both.
   */
  addUpdates(updates: readonly PendingUpdate[], step: LossGradients['step']): void {
    this.#updates = updates;
    this.#step = step;
  }

  /** Applies the updates, and commits the state. Returns whether there were any. */
  applyUpdates(optimizer: BlockOptimizer): boolean {
    const isNeeded = this.#updates.length > 0;
    try {
      for (const update of this.#updates) this.#squares.set(update.variable, update.apply(optimizer));
      this.#step?.commit();
      return isNeeded;
    } finally {
      this.#disposeUpdates();
    }
  }

  /** Returns the norm of all gradients together: of those that were added, and once the updates are applied, also of theirs. */
  norm(): tf.Scalar {
    this.#squareSums();
    return normOf([...this.#squares.values()]);
  }

  /**
   * Returns the norm of the whole gradient, equal on all ranks: `norm` with the squares of shards summed over them.
   * @param variables in the order in which all ranks add up the squares of replicas
   */
  async normOverRanks(ranks: Ranks, variables: readonly tf.Variable[]): Promise<tf.Scalar> {
    this.#squareSums();
    const ofReplicas: tf.Scalar[] = [];
    let [ownSum, isSharded] = [0, false];
    for (const variable of variables) {
      const squares = this.#squares.get(variable);
      if (shardOf(variable)) {
        isSharded = true;
        ownSum += (await squares?.data<'float32'>())?.[0] ?? 0;
      } else if (squares) ofReplicas.push(squares);
    }
    if (!isSharded) return normOf(ofReplicas);
    const sums = await ranks.gather(Float32Array.of(ownSum));
    const ofShards = tf.scalar(sums.reduce((total, [sum]) => total + sum!, 0));
    const norm = normOf([...ofReplicas, ofShards]);
    ofShards.dispose();
    return norm;
  }

  #squareSums(): void {
    for (const [variable, sum] of this.#sums) {
      this.#squares.get(variable)?.dispose();
      this.#squares.set(
        variable,
        tf.tidy(() => sumOfSquares(sum)),
      );
    }
  }

  /** Returns the gradients times `factor`, by variable name, and keeps none. The caller disposes of them. */
  take(factor: number | tf.Scalar): tf.NamedTensorMap {
    const gradients: tf.NamedTensorMap = {};
    for (const [{ name }, sum] of this.#sums) {
      gradients[name] = factor === 1 ? sum : tf.mul(sum, factor);
      if (factor !== 1) sum.dispose();
    }
    this.#sums.clear();
    return gradients;
  }

  dispose(): void {
    tf.dispose([...this.#sums.values()]);
    this.#sums.clear();
    tf.dispose([...this.#squares.values()]);
    this.#squares.clear();
    this.#disposeUpdates();
  }

  #disposeUpdates(): void {
    for (const update of this.#updates) update.dispose();
    this.#step?.dispose();
    this.#updates = [];
    this.#step = null;
  }
}

/** Returns the norm of gradients with these sums of squares. */
function normOf(squares: readonly tf.Scalar[]): tf.Scalar {
  if (squares.length === 0) return tf.scalar(0);
  return tf.tidy(() => tf.sqrt(tf.sum(tf.stack([...squares]))) as tf.Scalar);
}

/** In two steps: the wasm backend sums one value after another, which loses digits in long sums. */
function sumOfSquares(tensor: tf.Tensor): tf.Scalar {
  const squares = tf.square(tensor);
  return tf.sum(tensor.rank > 1 ? tf.sum(squares, -1) : squares) as tf.Scalar;
}
