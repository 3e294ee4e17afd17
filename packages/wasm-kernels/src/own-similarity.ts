import type { AngularMargin, ResolvedBankOptions } from '@openset/core';

/** The similarity of a sample with its own class after margins and map, and derivatives, in float64. */
export interface OwnSimilarity {
  readonly value: number;
  readonly derivative: number;
  /** Derivatives with respect to the margins of the row. */
  readonly byAngle: number;
  readonly byCosine: number;
  /** What a hard negative exceeds: the value without the branches of angular margins. */
  readonly hardThreshold: number;
}

/** Bound of |cosine| before its angle is taken, as in angular-margin.ts of core. */
const largestCosine = 1 - 1e-7;

/**
 * Applies limit, margins and map to the similarity of a sample with its own class, as `applyMargins` of core does with tensors.
 * @param rowMargins the margins of the row, added to the first margin of the same kind
 */
export function ownSimilarity(
  similarity: number,
  options: ResolvedBankOptions,
  rowMargins: RowMargins,
): OwnSimilarity {
  const { similarityMap, cosineLimit = Number.POSITIVE_INFINITY } = options;
  const limited = Math.min(Math.max(similarity, -cosineLimit), cosineLimit);
  const derivative = limited === similarity ? 1 : 0;
  const result = applyMargins(limited, derivative, options, rowMargins, true);
  if (similarityMap?.kind === 'hardNegatives') {
    result.hardThreshold = applyMargins(limited, derivative, options, rowMargins, false).value;
  }
  if (similarityMap?.kind === 'power' && similarityMap.gradient === 'detached') result.derivative = 1;
  return result;
}

interface RowMargins {
  readonly angle: number;
  readonly cosine: number;
}

type Changing<Type> = { -readonly [Key in keyof Type]: Type[Key] };

// No function is made for a sample: a batch of small embeddings would notice it.
function applyMargins(
  limited: number,
  derivative: number,
  { margins, similarityMap }: ResolvedBankOptions,
  rowMargins: RowMargins,
  withBranches: boolean,
): Changing<OwnSimilarity> {
  const result = { value: limited, derivative, byAngle: 0, byCosine: 0, hardThreshold: limited };
  // The first margin of a kind takes that of the row.
  let isFirstAngle = true;
  let isFirstCosine = true;
  let exponent = similarityMap?.kind === 'power' ? similarityMap.exponent : null;
  for (const margin of margins) {
    if (margin.kind === 'cosine') {
      if (exponent !== null) applyPower(result, exponent);
      exponent = null;
      result.value -= margin.margin + (isFirstCosine ? rowMargins.cosine : 0);
      if (isFirstCosine) result.byCosine = -1;
      isFirstCosine = false;
    } else if (margin.kind === 'adaptive') {
      result.value *= 1 - margin.coefficient;
    } else {
      const angle = margin.margin + (isFirstAngle ? rowMargins.angle : 0);
      const turned = turn(result.value, margin, angle, withBranches);
      advance(result, turned.value, turned.derivative);
      if (isFirstAngle) result.byAngle = turned.byAngle;
      isFirstAngle = false;
    }
  }
  if (exponent !== null) applyPower(result, exponent);
  result.hardThreshold = result.value;
  return result;
}

function applyPower(result: Changing<OwnSimilarity>, exponent: number): void {
  const half = (result.value + 1) / 2;
  advance(result, 2 * half ** exponent - 1, exponent * half ** (exponent - 1));
}

/** Replaces the value by a function of it, by the chain rule. */
function advance(result: Changing<OwnSimilarity>, value: number, slope: number): void {
  result.value = value;
  result.derivative *= slope;
  result.byAngle *= slope;
  result.byCosine *= slope;
}

/** Applies an angular margin; see `AngularMargin`. */
function turn(similarity: number, options: AngularMargin, margin: number, withBranches: boolean) {
  const { factor = 1, gradient = 'exact', angleLimit = 0 } = options;
  const branch = withBranches ? (options.branch ?? 'none') : 'none';
  const isDetached = gradient === 'detached';
  const cosine = Math.min(Math.max(similarity, -largestCosine), largestCosine);
  const rest = (Math.PI - margin) / factor;
  const end = branch === 'easy' ? 0 : Math.cos(rest);
  if (branch !== 'none' && branch !== 'clamp' && cosine <= end) {
    if (branch === 'easy') return { value: similarity, derivative: 1, byAngle: 0 };
    const jumps = branch === 'linear' && factor === 1;
    const drop = jumps ? margin * Math.sin(margin) : end + 1;
    const slope = jumps ? Math.sin(margin) + margin * Math.cos(margin) : Math.sin(rest) / factor;
    return { value: similarity - drop, derivative: 1, byAngle: isDetached ? 0 : -slope };
  }
  const free = factor * Math.acos(cosine) + margin;
  const angle = branch === 'clamp' ? Math.min(Math.max(free, angleLimit), Math.PI - angleLimit) : free;
  const value = Math.cos(angle);
  if (isDetached) return { value, derivative: 1, byAngle: 0 };
  const byAngle = angle === free ? -Math.sin(angle) : 0;
  const sine = Math.sqrt((1 - cosine) * (1 + cosine));
  return { value, derivative: cosine === similarity ? (-byAngle * factor) / sine : 0, byAngle };
}
