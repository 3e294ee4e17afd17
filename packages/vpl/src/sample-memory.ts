import {
  assignRows,
  type Hold,
  heldRows,
  normalizeRows,
  normalValues,
  type RowRange,
  stopGradient,
  suitableStrength,
  writeRows,
} from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';

/** The latest sample of each class, and when it was remembered. */
export interface SampleMemory {
  /** `[numClasses, embeddingSize]`: latest sample M of each class, of unit length; at first random. */
  readonly sampleMemory: tf.Variable<tf.Rank.R2>;
  /** `[numClasses]` int32: the step in which each class was remembered; 0 for a class never seen. */
  readonly memoryIterations: tf.Variable<tf.Rank.R1>;
  /** `[1]` int32: the number of the next step, counted from 1. */
  readonly iteration: tf.Variable<tf.Rank.R1>;
}

/** Which remembered samples count, and how much. */
export interface InjectionRule {
  /** λ in `[0, 1]`: share of the remembered sample in a class's vector; default 0.15. */
  readonly injection: number;
  /** Steps for which a remembered sample counts, at least 0; default 200. */
  readonly maximumAge: number;
  /** Steps before the first one that mixes samples in, at least 0; default 8000. Should exceed `maximumAge`. */
  readonly startIteration: number;
}

/**
 * Returns random rows of unit length, `[rows.count, embeddingSize]`; others than the class weights, which are drawn from `seed`.
 * @param rows returns these rows of all classes alone; default all
 */
export function initialSamples(
  { numClasses, embeddingSize }: { readonly numClasses: number; readonly embeddingSize: number },
  seed: number,
  rows: Pick<RowRange, 'start' | 'count'> = { start: 0, count: numClasses },
): tf.Tensor2D {
  return tf.tidy(() => normalizeRows(normalValues([numClasses, embeddingSize], 1, seed + 1, rows)).unit);
}

/** Returns λ_j of each class in the next step, `[numClasses]`: `injection` or 0. Without a gradient. */
export function injectionShares(
  { iteration, memoryIterations }: SampleMemory,
  { injection, maximumAge, startIteration }: InjectionRule,
): tf.Tensor1D {
  return stopGradient(() => {
    const age = tf.sub(iteration, memoryIterations);
    const isRecent = tf.lessEqual(age, tf.scalar(maximumAge, 'int32'));
    const hasStarted = tf.greater(iteration, tf.scalar(startIteration, 'int32'));
    return tf.mul(tf.cast(tf.logicalAnd(isRecent, hasStarted), 'float32'), injection) as tf.Tensor1D;
  });
}

/**
 * Remembers the samples of a batch when its step is committed.
 * @param embeddings `[batch, embeddingSize]`, not normalised
 * @param labels `[batch]`
 */
export function rememberOnCommit(
  memory: SampleMemory,
  embeddings: tf.Tensor2D,
  labels: tf.Tensor1D,
  hold: Hold,
): void {
  const rows = hold(stopGradient(() => normalizeRows(embeddings).unit));
  const classes = hold(stopGradient(() => tf.cast(labels, 'int32')));
  hold.onCommit(() => rememberSamples(memory, classes, rows));
}

/**
 * Remembers the samples of a step, and counts the step. Of several samples of one class, the last one stays.
 * @param classes `[batch]` int32
 * @param rows `[batch, embeddingSize]`, of unit length
 */
export function rememberSamples(
  { sampleMemory, memoryIterations, iteration }: SampleMemory,
  classes: tf.Tensor1D,
  rows: tf.Tensor2D,
): void {
  assignRows(sampleMemory, classes, rows);
  const now = tf.add(tf.zeros([classes.size, 1], 'int32'), iteration) as tf.Tensor2D;
  const held = heldRows(memoryIterations, classes, now);
  if (held) {
    const before = tf.reshape(memoryIterations, [-1, 1]) as tf.Tensor2D;
    memoryIterations.assign(tf.reshape(writeRows(before, held.labels, held.rows), memoryIterations.shape));
  }
  iteration.assign(tf.add(iteration, tf.scalar(1, 'int32')));
}

/**
 * Returns options that suit a number of identities. Few identities mean short runs, which may end before the official code's step
 * 8000, so samples are mixed in from step `numIdentities / 2` on, but not before step 300.
 */
export function suitableVpl(numIdentities: number) {
  const startIteration = Math.min(8000, Math.max(300, Math.round(numIdentities / 2)));
  return { ...suitableStrength(numIdentities), startIteration };
}
