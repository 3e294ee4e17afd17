import { checkShare } from './checks.ts';
import { MetricsError } from './metrics-error.ts';
import { type RocCurve, rocCurve } from './roc-curve.ts';

/** Rule that chooses the point of a ROC curve for a target false accept rate. */
export type FarRule =
  /** The largest TAR with FAR `<=` the target. */
  | 'conservative'
  /** The point whose FAR is nearest to the target; ties go to the higher TAR. InsightFace's IJB-C procedure. */
  | 'nearest';

/** One point of a ROC curve. */
export interface OperatingPoint {
  /** True accept rate. */
  readonly tar: number;
  /** False accept rate at the threshold. With finitely many pairs it seldom equals the target. */
  readonly far: number;
  /** Accept iff similarity `>=` this; `Infinity` if the target allows accepting nothing. */
  readonly threshold: number;
}

/**
 * Returns TAR@FAR: the true accept rate at a target false accept rate, with its threshold.
 *
 * With `n` pairs of different identities, no FAR between 0 and `1 / n` exists. A target of 1e-4 needs well over ten
 * thousand such pairs.
 *
 * @param similarities `[pairs]`: larger means more alike; finite, or `-Infinity` for "never accepted"
 * @param isSame `[pairs]`: true or 1 if both images show the same identity
 * @param far the target, in `[0, 1]`
 * @param options `rule`: `'conservative'` (default) or `'nearest'`, see `FarRule`
 * @throws MetricsError if `rocCurve` rejects the pairs, the target is not in `[0, 1]`, or the rule is unknown
 */
export function tarAtFar(
  similarities: ArrayLike<number>,
  isSame: ArrayLike<boolean | number>,
  far: number,
  options: { rule?: FarRule } = {},
): OperatingPoint {
  return operatingPoint(rocCurve(similarities, isSame), far, options);
}

/**
 * Returns TAR@FAR of a ROC curve, so that one curve serves many targets.
 *
 * @param curve from `rocCurve`
 * @param far the target, in `[0, 1]`
 * @param options `rule`: `'conservative'` (default) or `'nearest'`, see `FarRule`
 * @throws MetricsError if the target is not in `[0, 1]` or the rule is unknown
 */
export function operatingPoint(
  curve: RocCurve,
  far: number,
  { rule = 'conservative' }: { rule?: FarRule } = {},
): OperatingPoint {
  checkShare('tarAtFar: far', far);
  if (rule !== 'conservative' && rule !== 'nearest') {
    throw new MetricsError(`tarAtFar: rule must be 'conservative' or 'nearest', but is '${String(rule)}'.`);
  }
  let best = 0;
  for (let point = 1; point < curve.far.length; point++) {
    if (rule === 'conservative' && curve.far[point]! > far) break;
    // Conservative: up to the target, only the TAR counts. Equal TAR keeps the stricter threshold.
    const nearer =
      rule === 'nearest' ? Math.abs(curve.far[best]! - far) - Math.abs(curve.far[point]! - far) : 0;
    if (nearer > 0 || (nearer === 0 && curve.tar[point]! > curve.tar[best]!)) best = point;
  }
  return { tar: curve.tar[best]!, far: curve.far[best]!, threshold: curve.thresholds[best]! };
}
