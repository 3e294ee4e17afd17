import { checkConfidence, checkWhole, elementsText } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { quantile } from './quantile.ts';
import { seededRandom } from './random.ts';

/** A statistic with its confidence interval over resamples of the data. */
export interface BootstrapInterval {
  /** Statistic of the original data. */
  readonly estimate: number;
  /** Lower end of the confidence interval. */
  readonly low: number;
  /** Upper end of the confidence interval. */
  readonly high: number;
  /** Standard deviation of the statistic over the resamples. */
  readonly standardError: number;
}

/**
 * Returns a percentile bootstrap interval (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13).
 * Computes the statistic on resamples, drawn with replacement and as large as the data. The interval lies between the
 * quantiles `(1 ∓ confidence) / 2` of the results, interpolated linearly between neighbours.
 *
 * Pairs that share an image or an identity are not independent. If that matters, resample identities: `count` is the
 * number of identities, and the statistic collects their pairs.
 *
 * @param statistic maps `[count]` indices into the data to a finite number. The first call gets 0, 1, 2, … and gives
 *   `estimate`. All calls share one array: do not keep it
 * @param count number of data points, at least 1
 * @param options `confidence`: above 0, below 1, default 0.95. `samples`: number of resamples, at least 2, default 1000.
 *   `seed`: default 0; the same seed gives the same interval on every machine. `strata`: `[count]`, the stratum of each
 *   datum, any number except NaN, default one stratum. Each resample has as many data of each stratum (pairs of the same
 *   and of different identities, folds) as the original
 * @throws MetricsError if an option is out of range or the statistic is not finite. Errors of the statistic pass through
 */
export function bootstrapInterval(
  statistic: (indices: Uint32Array<ArrayBuffer>) => number,
  count: number,
  {
    confidence = 0.95,
    samples = 1000,
    seed = 0,
    strata,
  }: {
    confidence?: number;
    samples?: number;
    seed?: number;
    strata?: ArrayLike<number> | undefined;
  } = {},
): BootstrapInterval {
  checkWhole('bootstrapInterval: count', count, 1);
  checkWhole('bootstrapInterval: samples', samples, 2);
  checkConfidence('bootstrapInterval: confidence', confidence);
  const random = seededRandom('bootstrapInterval: seed', seed);
  const indices = Uint32Array.from({ length: count }, (_, index) => index);
  const kinds = strata ? groupByStratum(strata, count) : [indices.slice()];
  const evaluate = (what: string): number => {
    const value = statistic(indices);
    if (Number.isFinite(value)) return value;
    throw new MetricsError(
      `bootstrapInterval: the statistic of ${what} is ${String(value)}, but must be a finite number. A resample ` +
        'may lack a kind of data: give more data, or a statistic that is defined without it.',
    );
  };

  const estimate = evaluate('the data');
  const values = new Float64Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    for (const members of kinds) {
      for (const index of members) indices[index] = members[random.below(members.length)]!;
    }
    values[sample] = evaluate(`resample ${sample}`);
  }
  values.sort();
  const mean = values.reduce((sum, value) => sum + value, 0) / samples;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    estimate,
    low: quantile(values, (1 - confidence) / 2),
    high: quantile(values, (1 + confidence) / 2),
    standardError: Math.sqrt(squares / (samples - 1)),
  };
}

/** Returns the indices of the data of each stratum. */
function groupByStratum(strata: ArrayLike<number>, count: number): Uint32Array[] {
  if (strata.length !== count) {
    throw new MetricsError(
      `bootstrapInterval: strata has ${elementsText(strata.length)}, but count requires ${count}.`,
    );
  }
  const members = new Map<number, number[]>();
  for (let index = 0; index < count; index++) {
    const stratum = strata[index]!;
    if (Number.isNaN(stratum))
      throw new MetricsError(`bootstrapInterval: strata[${index}] is NaN, but must be a number.`);
    const own = members.get(stratum);
    if (own) own.push(index);
    else members.set(stratum, [index]);
  }
  return [...members.values()].map((own) => Uint32Array.from(own));
}
