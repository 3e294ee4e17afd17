/** The thresholds `t` with `low < t <= high`: half-open, like `negative < t <= positive`. */
export interface ThresholdInterval {
  /** Exclusive lower bound; `-Infinity` if unbounded. */
  readonly low: number;
  /** Inclusive upper bound; `Infinity` if unbounded. */
  readonly high: number;
}

/** Result of a sweep over all thresholds. */
export interface BestThreshold {
  /** Largest count. */
  readonly count: number;
  /** Thresholds that attain it. */
  readonly interval: ThresholdInterval;
}

/**
 * Returns the exact maximum of a count that changes at given thresholds. The count increases by one just above each of
 * `rises` and decreases by one just above each of `falls`, so it is constant on the half-open intervals between them.
 *
 * Uniform accuracy and verification accuracy are both such counts. A sample is correct from just above its largest negative
 * up to its positive. Just above its similarity, a pair of different identities becomes correct and a pair of the same
 * identity wrong.
 *
 * @param rises sorted ascending, below Infinity
 * @param falls sorted ascending, below Infinity
 * @param start count at the lowest thresholds
 * @returns the largest count and the whole interval that attains it. Of several intervals, it is the widest bounded one, the
 *   lowest of equals. An unbounded interval ("accept all", "accept none") is returned only if there is no bounded one.
 */
export function sweepThresholds(rises: Float64Array, falls: Float64Array, start: number): BestThreshold {
  let best: BestThreshold = { count: Number.NEGATIVE_INFINITY, interval: { low: 0, high: 0 } };
  const keep = (count: number, interval: ThresholdInterval) => {
    if (count > best.count || (count === best.count && width(interval) > width(best.interval))) {
      best = { count, interval };
    }
  };

  let count = start;
  // The current stretch of thresholds with the count `stretchCount`. If one sample's rise meets another's fall, two
  // neighbouring intervals have the same count and belong to one stretch.
  let stretch: ThresholdInterval | undefined;
  let stretchCount = start;
  let low = Number.NEGATIVE_INFINITY;
  let rise = 0;
  let fall = 0;
  for (;;) {
    const nextRise = rise < rises.length ? rises[rise]! : Number.POSITIVE_INFINITY;
    const nextFall = fall < falls.length ? falls[fall]! : Number.POSITIVE_INFINITY;
    const high = Math.min(nextRise, nextFall);
    if (high > low) {
      if (stretch && stretchCount !== count) keep(stretchCount, stretch);
      stretch = { low: stretch && stretchCount === count ? stretch.low : low, high };
      stretchCount = count;
    }
    if (high === Number.POSITIVE_INFINITY) break;
    // All changes at one value happen together: there is no threshold between ties.
    while (rise < rises.length && rises[rise] === high) {
      rise += 1;
      count += 1;
    }
    while (fall < falls.length && falls[fall] === high) {
      fall += 1;
      count -= 1;
    }
    low = high;
  }
  if (stretch) keep(stretchCount, stretch);
  return best;
}

/** Returns the width of an interval; 0 if it is unbounded, so that bounded ones win. */
function width({ low, high }: ThresholdInterval): number {
  return Number.isFinite(low) && Number.isFinite(high) ? high - low : 0;
}

/**
 * Returns the threshold to report for an interval, which is always inside it: the middle. If only one side is bounded, it
 * is that bound (for the exclusive `low`, the next number above); if neither is, it is 0.
 */
export function thresholdWithin({ low, high }: ThresholdInterval): number {
  if (high === Number.POSITIVE_INFINITY) return low === Number.NEGATIVE_INFINITY ? 0 : nextAbove(low);
  // Halves first, because the sum of two large numbers could overflow.
  const middle = low / 2 + high / 2;
  // The middle of neighbouring numbers may round down to `low`, which is outside.
  return middle > low && middle <= high ? middle : high;
}

/** Returns the smallest float64 above a number below Infinity: `s >= nextAbove(x)` iff `s > x`. */
export function nextAbove(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0] = bits[0]! + (value > 0 ? 1n : -1n);
  return new Float64Array(bits.buffer)[0]!;
}
