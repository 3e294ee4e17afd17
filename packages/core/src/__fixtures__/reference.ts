import type { BankOptions } from '../bank-options.ts';
import type { Margin } from '../margins.ts';

/**
 * Inputs of the reference loss, which follows the formulas in float64, with the whole `[batch, numClasses]` matrix and
 * without guards against overflow. It shares no technique with the code under test.
 */
export interface BankCase {
  readonly embeddings: number[][];
  /** Classes, or rows of soft targets. */
  readonly labels: number[] | number[][];
  readonly bank: number[][];
  readonly bias?: number[];
  /** Margins of the rows. */
  readonly angleMargins?: number[];
  readonly cosineMargins?: number[];
  /** Similarities to negatives that are no class: shared by all rows, or of each row. */
  readonly outside?: number[] | number[][];
  readonly rowWeights?: number[];
  readonly hardFactor?: number;
  readonly mixture?: { rows: number[][]; shares: number[] };
}

/** Options of the reference: those of the loss, and which pairs a random draw keeps. */
export type ReferenceOptions = BankOptions & { keep?: (classIndex: number, row: number) => boolean };

/** Gradients with respect to the raw inputs. */
export interface ReferenceGradients {
  readonly embeddings: number[];
  readonly bank: number[];
  readonly bias: number[];
  readonly angleMargins: number[];
  readonly cosineMargins: number[];
  readonly outside: number[];
}

const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);
const norm = (a: number[]) => Math.max(Math.sqrt(dot(a, a)), 1e-5);
const softplus = (z: number) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

/** Returns `x · w` or the cosine, with norms of at least 1e-5. */
export function similarityOf(x: number[], w: number[], kind: 'cosine' | 'dot' = 'cosine'): number {
  return kind === 'dot' ? dot(x, w) : dot(x, w) / (norm(x) * norm(w));
}

/**
 * Applies margins one after another. Stop-gradients read `frozen`, the similarity at the point of the gradient, so that
 * finite differences in `live` see only the differentiable parts.
 */
export function marginOf(
  margins: readonly Margin[],
  live: number,
  frozen: number,
  more: { angle?: number; stillAngle?: number; cosine?: number; map?: (value: number) => number } = {},
): number {
  let [value, still] = [live, frozen];
  let { angle = 0, stillAngle = angle, cosine = 0, map } = more;
  const applyMap = () => {
    if (map) [value, still] = [map(value), map(still)];
    map = undefined;
  };
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      applyMap();
      const own = margin.margin + cosine;
      cosine = 0;
      [value, still] = [value - own, still - own];
    } else if (margin.kind === 'adaptive') {
      [value, still] = [value - margin.coefficient * still, still - margin.coefficient * still];
    } else {
      const { factor = 1, branch = 'none', angleLimit = 0 } = margin;
      const angles = [margin.margin + angle, margin.margin + stillAngle] as const;
      [angle, stillAngle] = [0, 0];
      const angular = (c: number, own: number): number => {
        const turned = factor * Math.acos(Math.min(Math.max(c, -1), 1)) + own;
        if (branch === 'easy' && c <= 0) return c;
        if (branch === 'clamp') return Math.cos(Math.min(Math.max(turned, angleLimit), Math.PI - angleLimit));
        if ((branch === 'linear' || branch === 'continuous') && turned >= Math.PI) {
          if (branch === 'linear' && factor === 1) return c - own * Math.sin(own);
          return -1 - (Math.cos((Math.PI - own) / factor) - c);
        }
        return Math.cos(turned);
      };
      const after = angular(still, angles[1]);
      value = margin.gradient === 'detached' ? value - still + after : angular(value, angles[0]);
      still = after;
    }
  }
  applyMap();
  return value;
}

/** Returns the loss. Stop-gradients read their values at the point `frozen`. */
export function referenceLoss(
  bankCase: BankCase,
  options: ReferenceOptions,
  frozen: BankCase = bankCase,
): number {
  const { labels, outside = [], rowWeights } = bankCase;
  const [bank, still] = [bankOf(bankCase, options.centers), bankOf(frozen, options.centers)];
  const { similarity = 'cosine', scale = similarity === 'dot' ? 1 : 64, margins = [] } = options;
  const isEmpty = bankCase.bank.map((w) => options.emptyRows === 'skip' && w.every((value) => value === 0));
  const losses: number[] = [];
  bankCase.embeddings.forEach((x, row) => {
    const label = labels[row]!;
    if (typeof label === 'number' && isEmpty[label]) return;
    const own = {
      angle: bankCase.angleMargins?.[row] ?? 0,
      stillAngle: frozen.angleMargins?.[row] ?? 0,
      cosine: bankCase.cosineMargins?.[row] ?? 0,
    };
    const y = typeof label === 'number' ? label : 0;
    const frozenX = frozen.embeddings[row]!;
    const best = (vector: number[], centers: number[][]) =>
      Math.max(...centers.map((w) => limited(similarityOf(vector, w, similarity), options)));
    // Neither what is hard nor its threshold has a gradient.
    const unbranched = margins.map((margin) =>
      margin.kind === 'angular' ? { ...margin, branch: 'none' as const } : margin,
    );
    const threshold = marginOf(unbranched, best(frozenX, still[y]!), best(frozenX, still[y]!), own);
    const logits = bank.map((w, j) => {
      const [live, fixed] = [best(x, w), best(frozenX, still[j]!)];
      const value =
        j === label
          ? positive(live, fixed, options, own)
          : negative(live, fixed, options, { threshold, factor: bankCase.hardFactor });
      return scale * value - (bankCase.bias?.[j % bankCase.bias.length] ?? 0);
    });
    const outsideOfRow = Array.isArray(outside[0]) ? (outside[row] as number[]) : (outside as number[]);
    for (const similar of outsideOfRow) logits.push(scale * similar - (bankCase.bias?.[0] ?? 0));
    const smoothing = options.labelSmoothing ?? 0;
    const targets = logits.map((_, j) => {
      const target = typeof label === 'number' ? Number(j === label) : label[j]!;
      return (1 - smoothing) * target + smoothing / bank.length;
    });
    const rowLoss = options.criterion.name === 'softmax' ? softmax : bce;
    losses.push((rowWeights?.[row] ?? 1) * rowLoss(logits, targets, isEmpty, row, options));
  });
  const sum = losses.reduce((total, value) => total + value, 0);
  return ((options.weight ?? 1) * sum) / Math.max(losses.length, 1);
}

/** Returns the rows of each class: its centers, or its row mixed with another one. */
function bankOf({ bank, mixture }: BankCase, centers = 1): number[][][] {
  const mixed = bank.map((w, j) => {
    const share = mixture?.shares[j] ?? 0;
    if (share === 0) return w;
    return w.map((value, k) => (1 - share) * (value / norm(w)) + share * mixture!.rows[j]![k]!);
  });
  return Array.from({ length: bank.length / centers }, (_, j) => mixed.slice(j * centers, (j + 1) * centers));
}

function limited(similarity: number, { cosineLimit = Number.POSITIVE_INFINITY }: BankOptions): number {
  return Math.min(Math.max(similarity, -cosineLimit), cosineLimit);
}

function positive(
  live: number,
  still: number,
  { margins = [], similarityMap }: BankOptions,
  own: { angle: number; stillAngle: number; cosine: number },
): number {
  const power = similarityMap?.kind === 'power' ? similarityMap : null;
  const map = power ? (value: number) => powerOf(value, power.exponent) : (value: number) => value;
  if (power?.gradient === 'detached') return live - still + marginOf(margins, still, still, { ...own, map });
  return marginOf(margins, live, still, { ...own, map });
}

function negative(
  live: number,
  still: number,
  { similarityMap: map, negativeMargin }: BankOptions,
  hard: { threshold: number; factor: number | undefined },
): number {
  const { angle = 0, cosine = 0 } = negativeMargin ?? {};
  const turned = (c: number) => (angle === 0 ? c : Math.cos(Math.acos(Math.min(Math.max(c, -1), 1)) - angle));
  const value = turned(live);
  if (map?.kind === 'power') {
    const exact = powerOf(map.gradient === 'detached' ? turned(still) : value, map.exponent);
    return (map.gradient === 'detached' ? live - still : 0) + exact + cosine;
  }
  if (map?.kind === 'negativeLimit') return (turned(still) > map.limit ? 0 : value) + cosine;
  if (map?.kind === 'hardNegatives' && turned(still) > hard.threshold) {
    const { square = 0, factor = 1, offset = 0 } = map;
    return square * value ** 2 + (hard.factor ?? factor) * value + offset + cosine;
  }
  return value + cosine;
}

function powerOf(similarity: number, exponent: number): number {
  const half = (similarity + 1) / 2;
  return 2 * (Number.isInteger(exponent) ? half : Math.max(half, 0)) ** exponent - 1;
}

function softmax(logits: number[], targets: number[], isEmpty: boolean[]): number {
  const largest = Math.max(...logits);
  const sum = logits.reduce((total, z, j) => (isEmpty[j] ? total : total + Math.exp(z - largest)), 0);
  const logSumExp = largest + Math.log(sum);
  return logits.reduce((loss, z, j) => loss + targets[j]! * (logSumExp - z), 0);
}

function bce(
  logits: number[],
  targets: number[],
  isEmpty: boolean[],
  row: number,
  { negativeWeight = 1, logitClip = Number.POSITIVE_INFINITY, keep = () => true }: ReferenceOptions,
): number {
  return logits.reduce((loss, raw, j) => {
    const z = Math.min(Math.max(raw, -logitClip), logitClip);
    const counts = !isEmpty[j] && keep(j, row) ? 1 : 0;
    const negative = counts * negativeWeight * (1 - targets[j]!) * softplus(z);
    return loss + targets[j]! * softplus(-z) + negative;
  }, 0);
}

/** Returns all gradients by central differences; in float64 their error is about 1e-8. */
export function referenceGradients(bankCase: BankCase, options: ReferenceOptions): ReferenceGradients {
  const frozen = structuredClone(bankCase);
  const moving = structuredClone(bankCase);
  const slopes = (rows: number[][]) =>
    rows.flatMap((row) =>
      row.map((value, place) => {
        const step = 1e-6;
        row[place] = value + step;
        const above = referenceLoss(moving, options, frozen);
        row[place] = value - step;
        const below = referenceLoss(moving, options, frozen);
        row[place] = value;
        return (above - below) / (2 * step);
      }),
    );
  return {
    embeddings: slopes(moving.embeddings),
    bank: slopes(moving.bank),
    bias: moving.bias ? slopes([moving.bias]) : [],
    angleMargins: moving.angleMargins ? slopes([moving.angleMargins]) : [],
    cosineMargins: moving.cosineMargins ? slopes([moving.cosineMargins]) : [],
    outside: moving.outside
      ? slopes((Array.isArray(moving.outside[0]) ? moving.outside : [moving.outside]) as number[][])
      : [],
  };
}
