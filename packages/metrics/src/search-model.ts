import { checkNotEmpty, countRows } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { normalDeviate, normalTail } from './normal-deviate.ts';

/** Scores of searches, as `GalleryScores`. */
export interface SearchScores {
  /** `[probes]` */
  readonly genuine: ArrayLike<number>;
  /** `[probes, others]` */
  readonly impostor: ArrayLike<number>;
  /** `[probes]`: person of each probe; needed only to count people differently often. */
  readonly person?: ArrayLike<number>;
}

/** Distribution of the best wrong match of a probe, among any number of people. */
export interface SearchModel {
  /** Share of the probes of strangers whose best match among `people` reaches a threshold: what can be promised. */
  readonly falseAlarms: (threshold: number, people: number) => number;
  /** The same without the uncertainty of each probe's mean and deviation, which makes it too low for few people. */
  readonly typicalFalseAlarms: (threshold: number, people: number) => number;
  /** Share of the probes that reach a threshold against their own template; smoothed. */
  readonly found: (threshold: number) => number;
  /** Probability that a probe is nearest to its own template in a gallery of so many people. */
  readonly ownIsBest: (probe: SearchProbe, people: number) => number;
  /** Probes: genuine score, weight, location and scale of the impostor scores. */
  readonly probes: readonly SearchProbe[];
  /** Returns the probability that one standardised impostor score stays below a value, as its logarithm. */
  readonly logBelow: (standardised: number) => number;
  /** Inverse of `logBelow`. */
  readonly atLogBelow: (logarithm: number) => number;
}

/** A probe in a search model. */
export interface SearchProbe {
  readonly genuine: number;
  /** Share of all probes; the shares sum to 1. */
  readonly weight: number;
  /** Mean of its impostor scores, moved towards the mean of all probes. */
  readonly location: number;
  /** Deviation of its impostor scores, moved towards that of all probes. */
  readonly scale: number;
}

/** Share of the impostor scores that the line through the upper tail is fitted to, and the fewest scores. */
const [tailShare, leastTail] = [0.05, 10];
/** Number of equal steps that standardised scores are rounded to, and of the table of the distribution. */
const [binCount, tableCount] = [4096, 1024];
/** Fewest impostor scores of a probe from which its own mean and deviation are used. */
const leastOthers = 8;
/** Least deviation of scores, so that equal scores can be divided by it. */
const leastScale = 1e-9;

/**
 * Returns a model of the best wrong match.
 *
 * 1. Probes differ: a blurred image is similar to everybody. So the impostor scores of each probe are standardised by their
 *    mean and deviation. Both are moved towards those of all probes as far as they are uncertain (empirical Bayes; Efron and
 *    Morris, "Data analysis using Stein's estimator and its generalizations", JASA 70, 1975).
 * 2. The standardised scores of all probes have one distribution. Beyond the highest 5 %, it follows a straight line on the
 *    axis of the normal deviate, fitted to these scores.
 * 3. The best of G wrong matches is the maximum of G independent scores of the probe: `P(max < t) = P(score < t)^G`.
 *
 * A score pulls its own probe's mean and deviation towards itself, so standardised scores scatter less than those of new people.
 * `falseAlarms` therefore standardises each score by the others of its probe (external studentisation; Cook and Weisberg,
 * "Residuals and Influence in Regression", 1982, ch. 2), so that what it states holds for new people.
 *
 * @param draws `[people]`: how often each person counts; default once
 * @throws MetricsError if a kind of scores is missing, a score is not finite, or the impostor scores do not fill whole rows
 */
export function searchModel(caller: string, scores: SearchScores, draws?: ArrayLike<number>): SearchModel {
  const rows = weighRows(caller, scores, draws);
  const shrinkage = shrinkRows(rows);
  const probes = rows.map(({ genuine, weight, mean, deviation }) => ({
    genuine,
    weight,
    ...shrinkage(mean, deviation),
  }));
  const typical = tabulate(
    tailOf(scores.impostor, rows, (value, index) => {
      const { location, scale } = probes[index]!;
      return (value - location) / scale;
    }),
  );
  const predictive = tabulate(
    tailOf(scores.impostor, rows, (value, index, weight) => {
      const { mean, deviation } = withoutScore(rows[index]!, value, weight);
      const { location, scale } = shrinkage(mean, deviation);
      return (value - location) / scale;
    }),
  );
  const falseAlarmsOf = (logBelow: (standardised: number) => number) => (threshold: number, people: number) =>
    probes.reduce(
      (sum, { weight, location, scale }) =>
        sum - weight * Math.expm1(people * logBelow((threshold - location) / scale)),
      0,
    );
  return {
    probes,
    ...typical,
    ownIsBest: ({ genuine, location, scale }, people) =>
      people === 1 ? 1 : Math.exp((people - 1) * typical.logBelow((genuine - location) / scale)),
    found: smoothShareAbove(probes),
    falseAlarms: falseAlarmsOf(predictive.logBelow),
    typicalFalseAlarms: falseAlarmsOf(typical.logBelow),
  };
}

/** A probe that counts, and its impostor scores. */
interface ProbeRow {
  readonly genuine: number;
  readonly weight: number;
  /** Index of its first impostor score. */
  readonly start: number;
  /** `[others]`: how often each impostor score counts. */
  readonly weights: Float64Array;
  readonly mean: number;
  readonly deviation: number;
  /** Sum of the weights, and mean square of the distances from the mean. */
  readonly total: number;
  readonly square: number;
  /** Number of different people among the impostor scores. */
  readonly distinct: number;
}

function weighRows(
  caller: string,
  { genuine, impostor, person }: SearchScores,
  draws: ArrayLike<number> | undefined,
): ProbeRow[] {
  checkNotEmpty(`${caller}: genuine`, genuine);
  const count = genuine.length;
  checkNotEmpty(`${caller}: impostor`, impostor);
  if (impostor.length % count !== 0) {
    throw new MetricsError(
      `${caller}: impostor has ${impostor.length} scores, but needs the same number for each of the ${count} genuine scores: ` +
        'pass the result of galleryScores.',
    );
  }
  const others = countRows(`${caller}: impostor`, impostor, count);
  const all = new Float64Array(others).fill(1);
  const rows: ProbeRow[] = [];
  let total = 0;
  for (let probe = 0; probe < count; probe++) {
    const own = draws && person ? person[probe]! : -1;
    const weight = draws && person ? draws[own]! : 1;
    const genuineScore = readFinite(`${caller}: genuine`, genuine, probe);
    if (weight === 0) continue;
    const weights =
      draws && person
        ? Float64Array.from({ length: others }, (_, other) => draws[other < own ? other : other + 1]!)
        : all;
    const row = { genuine: genuineScore, weight, start: probe * others, weights };
    const moments = momentsOf(`${caller}: impostor`, impostor, row);
    if (moments.distinct === 0) continue;
    total += weight;
    rows.push({ ...row, ...moments });
  }
  return rows.map((row) => ({ ...row, weight: row.weight / total }));
}

function momentsOf(
  what: string,
  impostor: ArrayLike<number>,
  { start, weights }: Pick<ProbeRow, 'start' | 'weights'>,
) {
  let [total, sum, squares, distinct] = [0, 0, 0, 0];
  const origin = readFinite(what, impostor, start);
  for (let other = 0; other < weights.length; other++) {
    const weight = weights[other]!;
    const value = readFinite(what, impostor, start + other) - origin;
    if (weight === 0) continue;
    total += weight;
    sum += weight * value;
    squares += weight * value * value;
    distinct += 1;
  }
  const mean = sum / total;
  const square = Math.max(0, squares / total - mean ** 2);
  return { mean: origin + mean, deviation: deviationOf(square, distinct), total, square, distinct };
}

/** Returns a deviation from a mean square, without the bias of few values. */
function deviationOf(square: number, count: number): number {
  return Math.max(leastScale, Math.sqrt((square * count) / Math.max(1, count - 1)));
}

/** Returns the mean and the deviation of a probe's scores without one of them. */
function withoutScore({ mean, total, square, distinct }: ProbeRow, value: number, weight: number) {
  const others = total - weight;
  if (!(others > 0)) return { mean, deviation: leastScale };
  const distance = value - mean;
  const shift = (-weight / others) * distance;
  const rest = Math.max(0, (total * square - weight * distance ** 2) / others - shift ** 2);
  return { mean: mean + shift, deviation: deviationOf(rest, distinct - 1) };
}

/**
 * Returns a function that moves the mean and the deviation of a probe towards those of all; without enough scores, all probes are
 * alike.
 */
function shrinkRows(
  rows: readonly ProbeRow[],
): (mean: number, deviation: number) => Pick<SearchProbe, 'location' | 'scale'> {
  if (rows.some(({ distinct }) => distinct < leastOthers)) return () => ({ location: 0, scale: 1 });
  const average = (read: (row: ProbeRow) => number) =>
    rows.reduce((sum, row) => sum + row.weight * read(row), 0);
  const mean = average((row) => row.mean);
  const logDeviation = average((row) => Math.log(row.deviation));
  // Variance of an estimate of a mean, and of a logarithm of a deviation.
  const noiseOfMean = average((row) => row.deviation ** 2 / row.distinct);
  const noiseOfDeviation = average((row) => 1 / (2 * row.distinct));
  const kept = (variance: number, noise: number) =>
    variance > noise && rows.length > 1 ? (variance - noise) / variance : 0;
  const keptMean = kept(
    average((row) => (row.mean - mean) ** 2),
    noiseOfMean,
  );
  const keptDeviation = kept(
    average((row) => (Math.log(row.deviation) - logDeviation) ** 2),
    noiseOfDeviation,
  );
  return (own, deviation) => ({
    location: mean + keptMean * (own - mean),
    scale: Math.exp(logDeviation + keptDeviation * (Math.log(deviation) - logDeviation)),
  });
}

/** Upper tail of the standardised impostor scores. */
interface Tail {
  /** `[bins]`: standardised scores, descending. */
  readonly values: Float64Array;
  /** `[bins]`: share of the scores that are at least this. */
  readonly shares: Float64Array;
  /** Number of bins that the line was fitted to. */
  readonly fitted: number;
  /** `score = intercept + slope · normal deviate` beyond them. */
  readonly intercept: number;
  readonly slope: number;
}

/** @param standardise of a score, the index of its row, and its weight */
function tailOf(
  impostor: ArrayLike<number>,
  rows: readonly ProbeRow[],
  standardise: (value: number, index: number, weight: number) => number,
): Tail {
  let [low, high, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  /** Calls a function for each score that counts. */
  const visit = (use: (value: number, weight: number) => void) => {
    for (const [index, { start, weights, weight }] of rows.entries()) {
      for (let other = 0; other < weights.length; other++) {
        const own = weights[other]!;
        if (own > 0) use(standardise(impostor[start + other]!, index, own), weight * own);
      }
    }
  };
  visit((value) => {
    low = Math.min(low, value);
    high = Math.max(high, value);
    count += 1;
  });
  const perUnit = high > low ? (binCount - 1) / (high - low) : 0;
  const [sums, weights] = [new Float64Array(binCount), new Float64Array(binCount)];
  let total = 0;
  visit((value, weight) => {
    const bin = Math.round((value - low) * perUnit);
    sums[bin]! += weight * (value - low);
    weights[bin]! += weight;
    total += weight;
  });
  const filled = [...weights.keys()].filter((bin) => weights[bin]! > 0).reverse();
  const values = Float64Array.from(filled, (bin) => low + sums[bin]! / weights[bin]!);
  const binShares = filled.map((bin) => weights[bin]! / total);
  const shares = new Float64Array(filled.length);
  let above = 0;
  for (const [bin, share] of binShares.entries()) {
    above += share;
    shares[bin] = above;
  }
  const wanted = Math.min(1, Math.max(tailShare, leastTail / count)) * (1 + 1e-9);
  const within = shares.findIndex((share) => share > wanted);
  const fitted = within === -1 ? filled.length : Math.max(1, within);
  const deviates = Array.from(
    { length: fitted },
    (_, bin) => -normalDeviate(shares[bin]! - binShares[bin]! / 2),
  );
  return { values, shares, fitted, ...fitLine(deviates, values, binShares) };
}

/** Weighted least squares of the first values of `y` on `x`. */
function fitLine(x: readonly number[], y: ArrayLike<number>, weights: readonly number[]) {
  let [total, sumX, sumY] = [0, 0, 0];
  for (const [index, value] of x.entries()) {
    total += weights[index]!;
    sumX += weights[index]! * value;
    sumY += weights[index]! * y[index]!;
  }
  const [meanX, meanY] = [sumX / total, sumY / total];
  let [products, squares] = [0, 0];
  for (const [index, value] of x.entries()) {
    products += weights[index]! * (value - meanX) * (y[index]! - meanY);
    squares += weights[index]! * (value - meanX) ** 2;
  }
  const slope = squares > 0 ? products / squares : 0;
  return { slope, intercept: meanY - slope * meanX };
}

/** Returns the distribution as a table of equal steps, between which logarithms are linear. */
function tabulate({ values, shares, fitted, intercept, slope }: Tail) {
  const lowest = values.at(-1)!;
  const edge = values[fitted - 1]!;
  // 12 deviations: one impostor in 10^32.
  const highest = Math.max(values[0]!, intercept + 12 * slope) + leastScale;
  const step = (highest - lowest) / (tableCount - 1);
  const table = new Float64Array(tableCount);
  let bin = values.length - 1;
  for (let place = 0; place < tableCount; place++) {
    const value = lowest + place * step;
    while (bin > 0 && values[bin]! < value) bin -= 1;
    const ofLine = slope > 0 ? normalTail((value - intercept) / slope) : value > intercept ? 0 : 1;
    const share = value > edge ? Math.min(shares[fitted - 1]!, ofLine) : shares[bin]!;
    table[place] = Math.log1p(-Math.min(1 - 1e-12, share));
  }
  const logBelow = (standardised: number) => {
    const position = (standardised - lowest) / step;
    if (position <= 0) return position < 0 ? Number.NEGATIVE_INFINITY : table[0]!;
    if (position >= tableCount - 1) return table[tableCount - 1]!;
    const place = Math.floor(position);
    return table[place]! + (position - place) * (table[place + 1]! - table[place]!);
  };
  const atLogBelow = (logarithm: number) => {
    let [below, above] = [0, tableCount - 1];
    while (above - below > 1) {
      const middle = (below + above) >> 1;
      if (table[middle]! < logarithm) below = middle;
      else above = middle;
    }
    const rise = table[above]! - table[below]!;
    const share = rise > 0 ? Math.min(1, Math.max(0, (logarithm - table[below]!) / rise)) : 1;
    return lowest + (below + share) * step;
  };
  return { logBelow, atLogBelow };
}

/** Returns a function from a threshold to the share of the density of the genuine scores above it. */
function smoothShareAbove(probes: readonly SearchProbe[]): (threshold: number) => number {
  const mean = probes.reduce((sum, { genuine, weight }) => sum + weight * genuine, 0);
  const variance = probes.reduce((sum, { genuine, weight }) => sum + weight * (genuine - mean) ** 2, 0);
  // A logistic distribution of this scale has the deviation of Silverman's normal kernel.
  const width = (Math.sqrt(3) / Math.PI) * 1.06 * Math.sqrt(variance) * probes.length ** -0.2;
  const scale = Math.max(width, 1e-6);
  return (threshold) =>
    probes.reduce(
      (sum, { genuine, weight }) => sum + weight / (1 + Math.exp((threshold - genuine) / scale)),
      0,
    );
}

function readFinite(what: string, values: ArrayLike<number>, index: number): number {
  const value = values[index];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new MetricsError(`${what}[${index}] is ${String(value)}, but must be a finite number.`);
}
