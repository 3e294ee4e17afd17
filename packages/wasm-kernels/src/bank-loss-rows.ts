import { applyMargins, type ResolvedBankOptions } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

const minimumNorm = 1e-5;

/** Quantities of the samples in the loss over a bank, in float64. */
export interface BankLossRows {
  /** Similarity with the sample's own class, with margins, and the derivative of the margins. */
  readonly ownWithMargin: Float64Array;
  readonly ownDerivative: Float64Array;
  /** Inverse norm of that class's row. */
  readonly ownInverse: Float64Array;
  /** Weight of each sample in the mean, times the weight of the loss; 0 if that class is empty and skipped. */
  readonly weights: Float64Array;
}

/**
 * Computes the quantities of the samples from the results of the compiled code.
 *
 * @param numbers `[batch, 4]`: inverse norm, whether the gradient is projected, similarity with the
 *   sample's own class, norm of that class's row
 */
export function bankLossRows(numbers: Float64Array, options: ResolvedBankOptions): BankLossRows {
  const column = (index: number) =>
    Float64Array.from({ length: numbers.length / 4 }, (_, row) => numbers[4 * row + index]!);
  const [similarity, norms] = [column(2), column(3)];
  const present = norms.map((norm) => (options.emptyRows === 'skip' && norm === 0 ? 0 : 1));
  const counted = Math.max(
    1,
    present.reduce((sum, value) => sum + value, 0),
  );
  return {
    ...applyAllMargins(similarity, options),
    ownInverse: norms.map((norm) => (options.similarity === 'cosine' ? 1 / Math.max(norm, minimumNorm) : 1)),
    weights: present.map((value) => (value * options.weight) / counted),
  };
}

/** Applies the margins: a subtraction or a product in float64 where that suffices, else by core in float32. */
function applyAllMargins(similarity: Float64Array, { margins }: ResolvedBankOptions) {
  let ownWithMargin = similarity;
  let ownDerivative = new Float64Array(similarity.length).fill(1);
  for (const margin of margins) {
    if (margin.kind === 'cosine') ownWithMargin = ownWithMargin.map((value) => value - margin.margin);
    else if (margin.kind === 'adaptive') {
      ownWithMargin = ownWithMargin.map((value) => (1 - margin.coefficient) * value);
    } else {
      const input = Float32Array.from(ownWithMargin);
      const [value, derivative] = tf.tidy(() => {
        const result = applyMargins(tf.tensor1d(input), [margin]);
        return [result.value.dataSync(), result.derivative.dataSync()] as const;
      });
      ownWithMargin = Float64Array.from(value);
      ownDerivative = ownDerivative.map((before, row) => before * derivative[row]!);
    }
  }
  return { ownWithMargin, ownDerivative };
}

/** Returns `log(1 + e^z)`. */
export function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** Returns `1 / (1 + e^−z)`. */
export function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
