import { minimumNorm, type ResolvedBankOptions } from '@openset/core';
import { type OwnSimilarity, ownSimilarity } from './own-similarity.ts';

/** Quantities of the samples in the loss over a bank, in float64. */
export interface BankLossRows {
  /** Similarity with the sample's own class, with margins and map, and derivatives. */
  readonly own: readonly OwnSimilarity[];
  /** Inverse norm of the embedding. */
  readonly inverse: Float64Array;
  /** Inverse norm of that class's row. */
  readonly ownInverse: Float64Array;
  /** 0 if that class is empty and skipped, else 1. */
  readonly counted: Float64Array;
  /** Factor of each sample in the loss: its share in the mean, times its weight and that of the loss. */
  readonly weights: Float64Array;
}

/** Inputs that have a number for each sample; null if they are not given. */
export interface RowInputs {
  readonly angleMargins: ArrayLike<number> | null;
  readonly cosineMargins: ArrayLike<number> | null;
  readonly rowWeights: ArrayLike<number> | null;
}

/**
 * Computes the quantities of the samples from the results of the compiled code.
 *
 * @param numbers `[batch, 4]`: inverse norm, whether the gradient is projected, similarity with the
 *   sample's own class, norm of that class's row
 */
export function bankLossRows(
  numbers: Float64Array,
  { angleMargins, cosineMargins, rowWeights }: RowInputs,
  options: ResolvedBankOptions,
): BankLossRows {
  const column = (index: number) =>
    new Float64Array(numbers.length / 4).map((_, row) => numbers[4 * row + index]!);
  const [similarity, norms] = [column(2), column(3)];
  const counted = norms.map((norm) => (options.emptyRows === 'skip' && norm === 0 ? 0 : 1));
  const rows = Math.max(
    1,
    counted.reduce((sum, value) => sum + value, 0),
  );
  const share = options.weight / (options.reduction === 'none' ? 1 : rows);
  return {
    own: Array.from(similarity, (value, row) =>
      ownSimilarity(value, options, { angle: angleMargins?.[row] ?? 0, cosine: cosineMargins?.[row] ?? 0 }),
    ),
    inverse: column(0),
    ownInverse: norms.map((norm) => (options.similarity === 'cosine' ? 1 / Math.max(norm, minimumNorm) : 1)),
    counted,
    weights: counted.map((value, row) => value * share * (rowWeights?.[row] ?? 1)),
  };
}

/** Returns `log(1 + e^z)`. */
export function softplus(z: number): number {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

/** Returns `1 / (1 + e^−z)`. */
export function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}
