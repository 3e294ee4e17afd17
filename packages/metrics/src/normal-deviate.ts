import { checkShare } from './checks.ts';

/**
 * Returns the normal deviate (probit) of a rate: the `x` with `P(Z <= x) = share` for a standard normal `Z`. On axes with
 * this scale, normally distributed similarities give a straight DET curve (Martin, Doddington, Kamm, Ordowski,
 * Przybocki, "The DET curve in assessment of detection task performance", Eurospeech 1997).
 *
 * Uses Newton's method on the normal tail; accurate to about the last digit of float64.
 *
 * @param share in `[0, 1]`
 * @returns `-Infinity` at 0, `Infinity` at 1, exactly 0 at one half
 * @throws MetricsError if `share` is not in `[0, 1]`
 */
export function normalDeviate(share: number): number {
  checkShare('normalDeviate: share', share);
  if (share === 0) return Number.NEGATIVE_INFINITY;
  if (share === 1) return Number.POSITIVE_INFINITY;
  // Both halves use the tail below one half. 1 - share is exact above one half.
  return share < 0.5 ? -deviateOfTail(share) : share > 0.5 ? deviateOfTail(1 - share) : 0;
}

/** Returns the `x > 0` with `P(Z > x) = tail`, for a tail below one half. */
function deviateOfTail(tail: number): number {
  // Newton's method on log P, which is concave and nearly linear in x². It converges in a few steps from the leading term
  // of the tail's asymptotic series.
  let x = Math.sqrt(-2 * Math.log(2 * tail));
  for (let step = 0; step < 50; step++) {
    const ratio = millsRatio(x);
    // Logarithms, because density and tail may be too small for an accurate quotient in float64.
    const excess = Math.log(ratio) - (x * x + Math.log(2 * Math.PI)) / 2 - Math.log(tail);
    const change = excess * ratio;
    x += change;
    if (Math.abs(change) <= 4e-16 * x) break;
  }
  return x;
}

/** Returns `P(Z > x)` for a standard normal `Z`: the inverse of the deviate of the upper tail. */
export function normalTail(x: number): number {
  if (x < 0) return 1 - normalTail(-x);
  // The density underflows beyond 39 deviations.
  return x > 39 ? 0 : (millsRatio(x) * Math.exp(-(x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

/** Returns `P(Z > x) / density(x)` for `x >= 0`: the power series for small `x`, Laplace's continued fraction for large. */
function millsRatio(x: number): number {
  if (x < 2) {
    // P(0 < Z < x) / density(x) = x + x³/3 + x⁵/(3·5) + …
    let term = x;
    let sum = x;
    for (let odd = 3; term > 1e-18 * sum; odd += 2) {
      term *= (x * x) / odd;
      sum += term;
    }
    return 0.5 * Math.sqrt(2 * Math.PI) * Math.exp((x * x) / 2) - sum;
  }
  // 1 / (x + 1/(x + 2/(x + 3/(x + …)))), from the inside out.
  let fraction = x;
  for (let level = 200; level > 0; level--) fraction = x + level / fraction;
  return 1 / fraction;
}
