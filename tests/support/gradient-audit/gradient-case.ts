import { randomNumbers } from '@openset/core';
import type * as tf from '@tensorflow/tfjs-core';

/** The functions of tfjs-core, of this program's copy or of the one that computes in float64. */
export type Tfjs = typeof tf;

/** A differentiable input of a case. Its values are exact in float32. */
export interface CaseInput {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly values: readonly number[];
}

/** A function whose gradients the audit compares with finite differences. */
export interface GradientCase {
  /** Name of the function in tfjs, such as `image.resizeBilinear`. */
  readonly op: string;
  /** What distinguishes it from the other cases of the op; empty for the only one. */
  readonly variant: string;
  /** Inputs by name; all of them are differentiated. */
  readonly inputs: Readonly<Record<string, CaseInput>>;
  /** Computes the function with the given copy of tfjs. */
  // biome-ignore lint/suspicious/noExplicitAny: each case knows the ranks of its inputs.
  readonly run: (tfjs: Tfjs, inputs: Record<string, any>) => tf.Tensor | tf.Tensor[];
  /** Computes the same as `run` with other functions, if the cpu backend computes `run` wrongly. */
  readonly equivalent?: GradientCase['run'];
}

/** Name of a case in tables and messages: `avgPool: same, stride 2`. */
export function caseName({ op, variant }: Pick<GradientCase, 'op' | 'variant'>): string {
  return variant === '' ? op : `${op}: ${variant}`;
}

/** Returns the cases of one op: its variants on the same inputs. */
export function casesOf(
  op: string,
  inputs: GradientCase['inputs'],
  variants: Readonly<Record<string, GradientCase['run']>>,
): GradientCase[] {
  return Object.entries(variants).map(([variant, run]) => ({ op, variant, inputs, run }));
}

/**
 * Returns values in an irregular order, equally far apart. So no two values are equal, which keeps `max` away from ties. The default range is
 * not symmetric, so that sums are not 0.
 *
 * @param from lower end, exclusive; default −1
 * @param to upper end, exclusive; default 1.2
 */
export function spread(shape: readonly number[], from = -1, to = 1.2): CaseInput {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Array.from({ length: size }, (_, index) =>
    Math.fround(from + ((to - from) * (index + 0.5)) / size),
  );
  const random = randomNumbers(1 + size + shape.length);
  for (let last = size - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [values[last], values[other]] = [values[other]!, values[last]!];
  }
  return { shape, values };
}
