import { MetricsError } from './metrics-error.ts';

/** Range of thresholds: `farRange` or `distanceRange`. */
export interface CalibrationRange {
  /**
   * False accept rates, each in `(0, 1]`: default `[0.01, 0.1]`. An end is the ⌈far · negatives⌉-th smallest distance of all
   * pairs of different identities.
   */
  readonly farRange?: readonly [low: number, high: number];
  /** Distances of unit vectors, in `[0, 2]`. */
  readonly distanceRange?: readonly [low: number, high: number];
}

/**
 * Checks the calibration range.
 * @throws MetricsError if both ranges are given, or one is empty or out of range
 */
export function checkCalibrationRange(caller: string, { farRange, distanceRange }: CalibrationRange): void {
  if (farRange && distanceRange) {
    throw new MetricsError(`${caller}: farRange and distanceRange are both given: choose one.`);
  }
  if (farRange) {
    checkRange(`${caller}: farRange`, farRange, 'false accept rates in (0, 1]', (far) => far > 0 && far <= 1);
  }
  if (distanceRange) {
    const holds = (distance: number) => distance >= 0 && distance <= 2;
    checkRange(`${caller}: distanceRange`, distanceRange, 'distances in [0, 2]', holds);
  }
}

function checkRange(
  what: string,
  range: readonly number[],
  expected: string,
  holds: (end: number) => boolean,
): void {
  const [low, high] = range;
  if (range?.length === 2 && holds(low!) && holds(high!) && low! < high!) return;
  throw new MetricsError(`${what} must be two ${expected}, the lower one first, but is [${String(range)}].`);
}

/**
 * Returns the cosines at both ends of a range of false accept rates, the higher one first.
 *
 * @param scoresAtRanks returns scores of pairs of different identities; rank 0 is the highest
 * @throws MetricsError if both ends have the same distance
 */
export function cosinesAtFars(
  caller: string,
  farRange: readonly number[],
  negatives: number,
  scoresAtRanks: (ranks: readonly number[]) => number[],
): number[] {
  const ends = scoresAtRanks(farRange.map((far) => falseAcceptsNeeded(far, negatives) - 1));
  if (distanceOf(ends[0]!) < distanceOf(ends[1]!)) return ends;
  throw new MetricsError(
    `${caller}: the calibration range is empty: the false accept rates ${farRange.join(' and ')} have the same distance ` +
      `${distanceOf(ends[0]!)} among ${negatives} pairs of different identities. Widen farRange, or add samples.`,
  );
}

/** Returns the smallest number of false accepts with at least a rate above 0; the product may round to the wrong side. */
function falseAcceptsNeeded(far: number, negatives: number): number {
  const count = Math.ceil(far * negatives);
  return (count - 1) / negatives >= far ? count - 1 : count;
}

/** Returns equally spaced distances between two cosines. The ends keep their exact cosines, so that pairs at an end count. */
export function thresholdGrid(nearest: number, farthest: number, thresholds: number) {
  const [low, high] = [distanceOf(nearest), distanceOf(farthest)];
  const last = thresholds - 1;
  const distances = Float64Array.from({ length: thresholds }, (_, step) =>
    step === last ? high : low + ((high - low) * step) / last,
  );
  const cosines = distances.map((distance, step) =>
    step === 0 ? nearest : step === last ? farthest : cosineOf(distance),
  );
  return { distances, cosines };
}

/** Returns the distance of unit vectors. */
function distanceOf(cosine: number): number {
  return Math.sqrt(Math.max(0, 2 - 2 * cosine));
}

/** Returns the cosine of unit vectors at a distance. */
export function cosineOf(distance: number): number {
  return 1 - distance ** 2 / 2;
}
