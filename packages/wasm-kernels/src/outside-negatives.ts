import { sigmoid, softplus } from './bank-loss-rows.ts';

/** Outside negatives of a batch, in float64: their logits, and their place in loss and gradients. */
export class OutsideNegatives {
  /** Logits: `[count]` if all rows share them, else `[batch, count]`. */
  private readonly logits: Float64Array;
  private readonly isShared: boolean;
  private readonly batch: number;

  /** @param values similarities, `[count]` or `[batch, count]` */
  constructor(
    values: ArrayLike<number>,
    shape: readonly number[],
    batch: number,
    scale: number,
    bias: number,
  ) {
    this.logits = new Float64Array(values).map((value) => scale * value - bias);
    this.isShared = shape.length === 1;
    this.batch = batch;
  }

  /** Returns the log-sum-exp of the logits of each row, `[batch]`. */
  logSumExp(): Float64Array {
    return this.mapRows((logits) => {
      const top = logits.reduce((largest, z) => Math.max(largest, z), Number.NEGATIVE_INFINITY);
      return top + Math.log(logits.reduce((sum, z) => sum + Math.exp(z - top), 0));
    });
  }

  /** Returns `Σ softplus(z)` of each row, `[batch]`. */
  softplusSums(): Float64Array {
    return this.mapRows((logits) => logits.reduce((sum, z) => sum + softplus(z), 0));
  }

  /** Returns `dL/dz` for softmax, in the shape of the logits. @param weights, logSumExp `[batch]`; of all negatives and the positive */
  softmaxSlopes(weights: Float64Array, logSumExp: Float64Array): Float64Array {
    if (!this.isShared) return this.slopes((z, row) => weights[row]! * Math.exp(z - logSumExp[row]!));
    // Relative to the largest logit, so that no exponential overflows.
    const top = this.logits.reduce((largest, z) => Math.max(largest, z), Number.NEGATIVE_INFINITY);
    const factor = weights.reduce((sum, weight, row) => sum + weight * Math.exp(top - logSumExp[row]!), 0);
    return this.logits.map((z) => factor * Math.exp(z - top));
  }

  /** Returns `dL/dz` for BCE, in the shape of the logits. @param weights `[batch]`; times the weight of negatives */
  bceSlopes(weights: Float64Array): Float64Array {
    if (!this.isShared) return this.slopes((z, row) => weights[row]! * sigmoid(z));
    const weight = weights.reduce((sum, value) => sum + value, 0);
    return this.logits.map((z) => weight * sigmoid(z));
  }

  private mapRows(compute: (logits: Float64Array) => number): Float64Array {
    if (this.isShared) return new Float64Array(this.batch).fill(compute(this.logits));
    const count = this.logits.length / this.batch;
    return Float64Array.from({ length: this.batch }, (_, row) =>
      compute(this.logits.subarray(row * count, (row + 1) * count)),
    );
  }

  private slopes(compute: (logit: number, row: number) => number): Float64Array {
    const count = this.logits.length / this.batch;
    return this.logits.map((z, index) => compute(z, Math.floor(index / count)));
  }
}
