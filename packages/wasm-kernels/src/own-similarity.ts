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

/** Bound of |cosine| before its angle is taken, as in margins.ts of core. */
const largestCosine = 1 - 1e-7;

/**
 * Applies limit, margins and map to the similarity of a sample with its own class, as `applyMargins` of core does with tensors.
 * @param rowMargins the margins of the row, added to the first margin of the same kind
 */
export function ownSimilarity(
  similarity: number,
  options: ResolvedBankOptions,
  rowMargins: { angle: number; cosine: number },
): OwnSimilarity {
  const { similarityMap, margins, cosineLimit = Number.POSITIVE_INFINITY } = options;
  const limited = Math.min(Math.max(similarity, -cosineLimit), cosineLimit);
  const power = similarityMap?.kind === 'power' ? similarityMap : null;
  const isHard = similarityMap?.kind === 'hardNegatives';
  const chain = (withBranches: boolean) => {
    // The first margin of a kind takes that of the row.
    let [angle, cosine]: (number | null)[] = [rowMargins.angle, rowMargins.cosine];
    let [value, derivative, byAngle, byCosine] = [limited, limited === similarity ? 1 : 0, 0, 0];
    let exponent = power?.exponent;
    const then = (next: number, slope: number) => {
      value = next;
      [derivative, byAngle, byCosine] = [derivative * slope, byAngle * slope, byCosine * slope];
    };
    const applyPower = () => {
      if (exponent === undefined) return;
      const half = (value + 1) / 2;
      then(2 * half ** exponent - 1, exponent * half ** (exponent - 1));
      exponent = undefined;
    };
    for (const margin of margins) {
      if (margin.kind === 'cosine') {
        applyPower();
        value -= margin.margin + (cosine ?? 0);
        if (cosine !== null) byCosine = -1;
        cosine = null;
      } else if (margin.kind === 'adaptive') {
        value *= 1 - margin.coefficient;
      } else {
        const turned = turn(value, margin, margin.margin + (angle ?? 0), withBranches);
        then(turned.value, turned.derivative);
        if (angle !== null) byAngle = turned.byAngle;
        angle = null;
      }
    }
    applyPower();
    return { value, derivative, byAngle, byCosine };
  };
  const result = chain(true);
  const hardThreshold = isHard ? chain(false).value : result.value;
  if (power?.gradient === 'detached') return { ...result, derivative: 1, hardThreshold };
  return { ...result, hardThreshold };
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
