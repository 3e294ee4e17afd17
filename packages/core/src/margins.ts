import * as tf from '@tensorflow/tfjs-core';
import type { AdaptiveMargin } from './adaptive-margin.ts';
import type { AngularMargin } from './angular-margin.ts';
import type { CosineMargin } from './cosine-margin.ts';
import type { MarginInputs, MarginStep, RowMargins } from './margin.ts';
import { requirePart } from './require-part.ts';

/**
 * A change of the positive similarity: numbers, which a backend kernel reads, and functions, which compute it with tfjs operations.
 * `cosineMargin`, `angularMargin` and `adaptiveMargin` return one. So a loss comes with the code of its own margins alone.
 */
export type Margin = CosineMargin | AngularMargin | AdaptiveMargin;

/** The positive similarities after all margins, and their derivative with respect to the similarities before. */
export interface MarginResult {
  /** `[rows]`: similarities with the margins. */
  readonly value: tf.Tensor1D;
  /** `[rows]`: derivatives of the values by the similarities. */
  readonly derivative: tf.Tensor1D;
  /** Derivatives with respect to the margins of the rows; null without them. */
  readonly byRowMargins: { readonly angle: tf.Tensor1D | null; readonly cosine: tf.Tensor1D | null };
}

/**
 * Checks a list of margins.
 * @throws ConfigError for a value out of range, an angular margin with `similarity: 'dot'`, or what is no margin
 */
export function checkMargins(margins: readonly Margin[], similarity: 'cosine' | 'dot'): void {
  for (const margin of margins) {
    requirePart('A margin', margin, 'made by cosineMargin, angularMargin or adaptiveMargin');
    margin.check(similarity);
  }
}

/**
 * Applies margins to the positive similarities, one after another.
 * @param similarity `[batch]`
 * @param more `rowMargins`: added to the first margin that takes them; `sine` and `withoutBranch`: see `MarginInputs`;
 *   `beforeCosine`: a map right before the first cosine margin, or at the end
 */
export function applyMargins(
  similarity: tf.Tensor1D,
  margins: readonly Margin[],
  more: Omit<MarginInputs, 'ofRows'> & {
    readonly rowMargins?: RowMargins | undefined;
    readonly beforeCosine?: ((similarity: tf.Tensor1D) => MarginStep) | undefined;
  } = {},
): MarginResult {
  const { rowMargins = {}, sine, withoutBranch } = more;
  const byRowMargins: Record<keyof RowMargins, tf.Tensor1D | null> = { angle: null, cosine: null };
  let value = similarity;
  let derivative: tf.Tensor1D = tf.onesLike(similarity);
  let map = more.beforeCosine;
  const then = (next: MarginStep) => {
    value = next.value;
    if (!next.derivative) return;
    derivative = tf.mul<tf.Tensor1D>(derivative, next.derivative);
    for (const key of ['angle', 'cosine'] as const) {
      byRowMargins[key] &&= tf.mul<tf.Tensor1D>(byRowMargins[key], next.derivative);
    }
  };
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      if (map) then(map(value));
      map = undefined;
    }
    const { takes } = margin;
    const ofRows = takes && !byRowMargins[takes] ? rowMargins[takes] : undefined;
    const step = margin.apply(value, {
      ofRows,
      sine: value === similarity ? sine : undefined,
      withoutBranch,
    });
    then(step);
    if (takes && ofRows) byRowMargins[takes] = step.byRows ?? null;
  }
  if (map) then(map(value));
  return { value, derivative, byRowMargins };
}
