import * as Plot from '@observablehq/plot';
import type { LossContext, OpenSetLoss } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { colourScale, drawFigure, drawLegend } from '../../../packages/report/src/figure.ts';

/** Embeddings and labels of a batch; the first sample is the one whose loss is drawn. */
export interface Batch {
  readonly rows: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** The loss of a sample, by a cosine. */
export interface Curve {
  readonly name: string;
  /** Cosines and losses. */
  readonly points: readonly (readonly [cosine: number, loss: number])[];
}

/** Number of cosines of a curve. */
const count = 101;

/**
 * Computes the loss of a sample at evenly spaced cosines, above its least value.
 * @param batchAt returns the batch with a cosine
 * @param scale factor of the cosines, by which the loss is divided
 * @param limit largest size of a cosine
 */
export function lossCurve(
  name: string,
  loss: OpenSetLoss,
  batchAt: (cosine: number) => Batch,
  { scale = 1, limit = 1, context }: { scale?: number; limit?: number; context?: LossContext } = {},
): Curve {
  const cosines = Array.from({ length: count }, (_, step) => limit * ((2 * step) / (count - 1) - 1));
  const values = cosines.map((cosine) => lossOf(loss, batchAt(cosine), context) / scale);
  loss.dispose();
  const least = Math.min(...values);
  return { name, points: cosines.map((cosine, step) => [cosine, values[step]! - least] as const) };
}

function lossOf(loss: OpenSetLoss, { rows, labels }: Batch, context?: LossContext): number {
  return tf.tidy(() => {
    const embeddings = tf.tensor2d(rows.map((row) => [...row]));
    const step = loss.forward(embeddings, tf.tensor1d([...labels], 'int32'), context);
    const value = (step.rowLosses ?? step.loss).dataSync()[0]!;
    step.dispose();
    return value;
  });
}

/** Replaces parts of the state of a loss, by name, and returns the loss. */
export function withState<Loss extends OpenSetLoss>(
  loss: Loss,
  changes: Record<string, tf.TensorLike>,
): Loss {
  tf.tidy(() => {
    const state = loss.getState();
    for (const [name, value] of Object.entries(changes)) {
      const old = state[name];
      if (!old) throw new Error(`${loss.name} has no ${name}, but ${Object.keys(state).join(', ')}.`);
      state[name] = tf.tensor(value, old.shape, old.dtype);
    }
    loss.setState(state);
  });
  return loss;
}

/** Draws curves, and thresholds as vertical lines. */
export function drawCurves(
  curves: readonly Curve[],
  { label, thresholds = [] }: { label: string; thresholds?: readonly number[] },
): string {
  const names = curves.map(({ name }) => name);
  const points = curves.flatMap(({ name, points: all }) => all.map(([x, y]) => ({ name, x, y })));
  return drawFigure(
    { caption: label, width: 560, height: 300 },
    {
      color: colourScale(names),
      x: { domain: [-1, 1], label },
      y: { label: 'loss above its least value, divided by the scale', grid: true },
      marks: [
        Plot.ruleY([0]),
        Plot.ruleX(thresholds, { strokeDasharray: '4 3', stroke: '#222' }),
        Plot.line(points, { x: 'x', y: 'y', stroke: 'name', strokeWidth: 2 }),
        ...drawLegend(names, { right: points.at(0)!.y > points.at(count - 1)!.y, bottom: false }),
      ],
    },
  ).svg;
}
