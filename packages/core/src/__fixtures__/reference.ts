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
}

/** Options of the reference: those of the loss, and which pairs a random draw keeps. */
export type ReferenceOptions = BankOptions & { keep?: (classIndex: number, row: number) => boolean };

/** Gradients with respect to the raw inputs. */
export interface ReferenceGradients {
  readonly embeddings: number[];
  readonly bank: number[];
  readonly bias: number[];
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
export function marginOf(margins: readonly Margin[], live: number, frozen: number): number {
  let [value, still] = [live, frozen];
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      [value, still] = [value - margin.margin, still - margin.margin];
    } else if (margin.kind === 'adaptive') {
      [value, still] = [value - margin.coefficient * still, still - margin.coefficient * still];
    } else {
      const { factor = 1, branch = 'none' } = margin;
      const angular = (c: number): number => {
        const angle = Math.acos(Math.min(Math.max(c, -1), 1));
        if (branch === 'easy' && c <= 0) return c;
        if (branch === 'linear' && factor * angle + margin.margin >= Math.PI) {
          if (factor === 1) return c - margin.margin * Math.sin(margin.margin);
          return -1 - (Math.cos((Math.PI - margin.margin) / factor) - c);
        }
        return Math.cos(factor * angle + margin.margin);
      };
      const after = angular(still);
      value = margin.gradient === 'detached' ? value - still + after : angular(value);
      still = after;
    }
  }
  return value;
}

/** Returns the loss. Stop-gradients read their values at the point `frozen`. */
export function referenceLoss(
  bankCase: BankCase,
  options: ReferenceOptions,
  frozen: BankCase = bankCase,
): number {
  const { labels, bank } = bankCase;
  const { similarity = 'cosine', scale = similarity === 'dot' ? 1 : 64, margins = [] } = options;
  const isEmpty = bank.map((w) => options.emptyRows === 'skip' && w.every((value) => value === 0));
  const losses: number[] = [];
  bankCase.embeddings.forEach((x, row) => {
    const label = labels[row]!;
    if (typeof label === 'number' && isEmpty[label]) return;
    const logits = bank.map((w, j) => {
      const plain = similarityOf(x, w, similarity);
      const still = similarityOf(frozen.embeddings[row]!, frozen.bank[j]!, similarity);
      const value = j === label ? marginOf(margins, plain, still) : plain;
      return scale * value - (bankCase.bias?.[j % bankCase.bias.length] ?? 0);
    });
    const smoothing = options.labelSmoothing ?? 0;
    const targets = bank.map((_, j) => {
      const target = typeof label === 'number' ? Number(j === label) : label[j]!;
      return (1 - smoothing) * target + smoothing / bank.length;
    });
    const rowLoss = options.criterion === 'softmax' ? softmax : bce;
    losses.push(rowLoss(logits, targets, isEmpty, row, options));
  });
  const sum = losses.reduce((total, value) => total + value, 0);
  return ((options.weight ?? 1) * sum) / Math.max(losses.length, 1);
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
  };
}
