import { randomNumbers } from '@openset/core';
import { relativeError } from './relative-error.ts';

/** Options of `gradientCheck`. */
export interface GradientCheckOptions {
  /** Number of random directions; default 4. */
  readonly directions?: number;
  /** Step length, relative to the largest magnitude in the point (at least 0.5); default 1e-2. */
  readonly step?: number;
  /** Seed of the directions; default 1. */
  readonly seed?: number;
}

/**
 * Compares a gradient with central differences along random directions. Richardson extrapolation from two step lengths keeps
 * the error low for functions computed in float32.
 *
 * @param evaluate returns the value of the function at a point
 * @param point the point of the gradient
 * @param gradient the gradient to check, as long as `point`
 * @returns the relative error of the directional derivatives, as `relativeError` computes it
 */
export async function gradientCheck(
  evaluate: (point: Float32Array) => Promise<number>,
  point: Float32Array,
  gradient: Float32Array,
  { directions = 4, step = 1e-2, seed = 1 }: GradientCheckOptions = {},
): Promise<number> {
  const random = randomNumbers(seed);
  const magnitude = point.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0.5);
  const numeric: number[] = [];
  const analytic: number[] = [];
  for (let index = 0; index < directions; index++) {
    const direction = Float32Array.from(point, () => (random() < 0.5 ? -1 : 1));
    const slope = async (length: number) => {
      const shifted = (sign: number) =>
        point.map((value, place) => value + sign * length * direction[place]!);
      return ((await evaluate(shifted(1))) - (await evaluate(shifted(-1)))) / (2 * length);
    };
    const length = step * magnitude;
    numeric.push((4 * (await slope(length / 2)) - (await slope(length))) / 3);
    analytic.push(gradient.reduce((sum, value, place) => sum + value * direction[place]!, 0));
  }
  return relativeError(analytic, numeric);
}
