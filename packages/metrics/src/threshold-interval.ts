/** The thresholds `t` with `low < t <= high`: half-open, as is `negative < t <= positive`. */
export interface ThresholdInterval {
  /** Left out of the interval; `-Infinity` where nothing bounds it from below. */
  readonly low: number;
  /** Part of the interval; `Infinity` where nothing bounds it from above. */
  readonly high: number;
}

/** What a sweep over all thresholds finds. */
export interface BestThreshold {
  readonly count: number;
  readonly interval: ThresholdInterval;
}

/**
 * Exact maximum of a count that changes at given thresholds: it goes up by one just above each of `rises` and
 * down by one just above each of `falls`, so it is constant on the half-open intervals between them.
 *
 * Uniform accuracy and verification accuracy are both such counts: a sample is right from just above its largest
 * negative up to its positive; a pair of different identities becomes right just above its similarity, a pair of
 * the same identity wrong.
 *
 * @param rises sorted ascending, below Infinity
 * @param falls sorted ascending, below Infinity
 * @param start the count at the lowest thresholds
 * @returns the largest count and the whole interval where it is attained. Of several such intervals: the widest
 *   bounded one (the threshold with most room on both sides), the lowest of equals; an unbounded one ("accept
 *   all", "accept none") only where there is no other.
 */
export function sweepThresholds(rises: Float64Array, falls: Float64Array, start: number): BestThreshold {
  let best: BestThreshold = { count: Number.NEGATIVE_INFINITY, interval: { low: 0, high: 0 } };
  const keep = (count: number, interval: ThresholdInterval) => {
    if (count > best.count || (count === best.count && width(interval) > width(best.interval))) {
      best = { count, interval };
    }
  };

  let count = start;
  // The stretch of thresholds, not yet offered to `keep`, over which the count is `stretchCount`: where one
  // sample's rise meets another's fall, two neighbouring intervals have the same count and are one.
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
    // Everything that changes at one value changes together, or ties would invent thresholds in between.
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

/** For the choice between intervals: unbounded ones have no width. */
function width({ low, high }: ThresholdInterval): number {
  return Number.isFinite(low) && Number.isFinite(high) ? high - low : 0;
}

/**
 * One threshold to report for an interval: its middle. An interval bounded on one side only answers with its
 * bound (from `low`, which is not part of it, the next number above); one bounded on neither side with 0. Always
 * inside the interval.
 */
export function thresholdWithin({ low, high }: ThresholdInterval): number {
  if (high === Number.POSITIVE_INFINITY) return low === Number.NEGATIVE_INFINITY ? 0 : nextAbove(low);
  // Halves first: the sum of two large numbers could overflow.
  const middle = low / 2 + high / 2;
  // Of neighbouring numbers the middle may round down to `low`, which is outside.
  return middle > low && middle <= high ? middle : high;
}

/** The smallest float64 above a number below Infinity: accepting from it on is accepting strictly above the number. */
export function nextAbove(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0] = bits[0]! + (value > 0 ? 1n : -1n);
  return new Float64Array(bits.buffer)[0]!;
}
