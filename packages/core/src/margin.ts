import type * as tf from '@tensorflow/tfjs-core';

/** What a margin computes from its numbers. */
export interface MarginFunctions {
  /** The margin of each row that is added to it; null for none. */
  readonly takes: keyof RowMargins | null;
  /** Checks the numbers. @throws ConfigError for one out of range, or a margin that the similarity excludes */
  check(similarity: 'cosine' | 'dot'): void;
  /** Returns similarities `[batch]` with this margin. */
  apply(similarity: tf.Tensor1D, inputs: MarginInputs): MarginStep;
}

/** What a margin may need beside the similarities. */
export interface MarginInputs {
  /** `[batch]`: margins of the rows, added to the margin itself. */
  readonly ofRows?: tf.Tensor1D | undefined;
  /** `[batch]`: the sines of the angles, where they are known more exactly than from the similarities. */
  readonly sine?: tf.Tensor1D | undefined;
  /** Whether an angular margin counts without its branch. */
  readonly withoutBranch?: boolean | undefined;
}

/** Similarities after one change, and derivatives by those before; all `[batch]`. */
export interface MarginStep {
  /** The similarities. */
  readonly value: tf.Tensor1D;
  /** 1 if missing. */
  readonly derivative?: tf.Tensor1D;
  /** Derivatives by the margins of the rows, if there are any. */
  readonly byRows?: tf.Tensor1D;
}

/** A margin for each row, `[batch]`, added to the margin of the same kind in the list. Quality-aware losses compute it. */
export interface RowMargins {
  /** Radians, of any sign. */
  readonly angle?: tf.Tensor1D | undefined;
  /** Of any sign. */
  readonly cosine?: tf.Tensor1D | undefined;
}
