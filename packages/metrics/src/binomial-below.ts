/**
 * Returns `P(X <= successes)` for `X` binomial with `trials` trials of probability `chance`. Sums from the largest term
 * outwards, so it is accurate for any number of trials.
 *
 * @param chance in `[0, 1]`
 * @param successes a whole number in `[0, trials]`
 */
export function binomialBelow(successes: number, trials: number, chance: number): number {
  if (successes >= trials || chance <= 0) return 1;
  if (chance >= 1) return 0;
  const odds = chance / (1 - chance);
  const mode = Math.min(successes, Math.floor((trials + 1) * chance));
  // Terms relative to the largest, until they no longer change the sum.
  let sum = 1;
  for (let count = mode, term = 1; count > 0 && term > 1e-18 * sum; count--) {
    term *= count / ((trials - count + 1) * odds);
    sum += term;
  }
  for (let count = mode, term = 1; count < successes && term > 1e-18 * sum; count++) {
    term *= ((trials - count) / (count + 1)) * odds;
    sum += term;
  }
  return Math.min(1, sum * binomialChance(mode, trials, chance));
}

/**
 * Returns `P(X = successes)` without the cancellation of large factorials: Loader, "Fast and accurate computation of
 * binomial probabilities", 2000.
 */
function binomialChance(successes: number, trials: number, chance: number): number {
  const failures = trials - successes;
  if (successes === 0) return Math.exp(trials * Math.log1p(-chance));
  if (failures === 0) return chance ** trials;
  const logChance =
    stirlingError(trials) -
    stirlingError(successes) -
    stirlingError(failures) -
    deviance(successes, trials * chance) -
    deviance(failures, trials * (1 - chance));
  return Math.exp(logChance) * Math.sqrt(trials / (2 * Math.PI * successes) / failures);
}

/** Returns `log(n!)` minus Stirling's formula: from the factorial for small `n`, from the series for large `n`. */
function stirlingError(n: number): number {
  if (n < 16) {
    let product = 1;
    for (let factor = 2; factor <= n; factor++) product *= factor;
    return Math.log(product) - (n + 0.5) * Math.log(n) + n - 0.5 * Math.log(2 * Math.PI);
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square) / n;
}

/** Returns `x · log(x / mean) + mean - x`, accurate even if both are nearly equal. */
function deviance(x: number, mean: number): number {
  const ratio = (x - mean) / (x + mean);
  if (Math.abs(ratio) > 0.1) return x * Math.log(x / mean) + mean - x;
  // log(x / mean) = 2 · (ratio + ratio³/3 + ratio⁵/5 + …). The first term cancels mean - x except for a square.
  let sum = (x - mean) * ratio;
  let power = 2 * x * ratio;
  for (let odd = 3; ; odd += 2) {
    power *= ratio * ratio;
    const next = sum + power / odd;
    if (next === sum) return sum;
    sum = next;
  }
}
