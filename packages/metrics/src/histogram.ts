import { checkNotEmpty, checkWhole } from './checks.ts';
import { MetricsError } from './metrics-error.ts';

/** Counts of values in bins of equal width. */
export interface Histogram {
  /** `[bins]`: values in `[edges[i], edges[i + 1])`; the last bin holds `max` too. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** `[bins + 1]`, ascending, from `min` to `max`. */
  readonly edges: Float64Array<ArrayBuffer>;
  /** Number of values below `min`. The counts, `below` and `above` add up to the number of values. */
  readonly below: number;
  /** Number of values above `max`. */
  readonly above: number;
}

/**
 * Returns a histogram, for example of the similarities of one kind of pairs. Values outside the range are counted
 * separately. A value that equals an edge is in the bin above it, except `max`.
 *
 * @param values `[values]`; may be empty; infinities are allowed, NaN is not
 * @param options `min` and `max`: default -1 and 1, the range of a cosine. `bins`: default 100
 * @throws MetricsError if a value is NaN, the range is empty or infinite, or `bins` is not a whole number above 0
 */
export function histogram(
  values: ArrayLike<number>,
  { min = -1, max = 1, bins = 100 }: { min?: number; max?: number; bins?: number } = {},
): Histogram {
  if (values?.length !== 0) checkNotEmpty('histogram: values', values);
  checkWhole('histogram: bins', bins, 1);
  if (!(min < max && Number.isFinite(max - min))) {
    throw new MetricsError(
      `histogram: min and max must be finite with min < max, but are ${min} and ${max}.`,
    );
  }
  const edges = Float64Array.from({ length: bins + 1 }, (_, edge) => min + ((max - min) * edge) / bins);
  edges[bins] = max;
  const counts = new Uint32Array(bins);
  let below = 0;
  let above = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (value < min) below += 1;
    else if (value > max) above += 1;
    else if (value >= min) counts[findBin(value, edges)]! += 1;
    else
      throw new MetricsError(
        `histogram: values[${index}] is ${String(value)}, but must be a number, not NaN.`,
      );
  }
  return { counts, edges, below, above };
}

/** Returns the bin of a value: estimates it by division, then corrects it by comparison with the rounded edges. */
function findBin(value: number, edges: Float64Array): number {
  const bins = edges.length - 1;
  const share = (value - edges[0]!) / (edges[bins]! - edges[0]!);
  let bin = Math.min(Math.floor(share * bins), bins - 1);
  while (bin > 0 && value < edges[bin]!) bin -= 1;
  while (bin < bins - 1 && value >= edges[bin + 1]!) bin += 1;
  return bin;
}
