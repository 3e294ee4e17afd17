import { checkWhole } from './checks.ts';
import type { ProbeMatches } from './match-probes.ts';
import { MetricsError } from './metrics-error.ts';

/**
 * Returns the rank-k identification rate on a closed set: the share of mated probes whose correct match is among the k
 * best. Strangers, whose identity the gallery lacks, do not count.
 *
 * @param matches from `matchProbes` or `matchProbeEmbeddings`
 * @param rank k, at least 1, default 1
 * @returns a share in `[0, 1]`
 * @throws MetricsError if no probe has a mate in the gallery, or `rank` is not a whole number above 0
 */
export function rankAccuracy(matches: ProbeMatches, rank = 1): number {
  checkWhole('rankAccuracy: rank', rank, 1);
  return cumulativeRates('rankAccuracy', matches, rank)[rank - 1]!;
}

/**
 * Returns the cumulative match characteristic: the rank-k identification rates for k = 1, 2, … (Phillips, Grother,
 * Micheals, "Evaluation methods in face recognition", Handbook of Face Recognition, 2005).
 *
 * @param matches from `matchProbes` or `matchProbeEmbeddings`
 * @param maxRank last rank of the curve, at least 1, default 20
 * @returns `[maxRank]`, never decreasing: element `k - 1` is the rate at rank k
 * @throws MetricsError if no probe has a mate in the gallery, or `maxRank` is not a whole number above 0
 */
export function cmcCurve(matches: ProbeMatches, maxRank = 20): Float64Array<ArrayBuffer> {
  checkWhole('cmcCurve: maxRank', maxRank, 1);
  return cumulativeRates('cmcCurve', matches, maxRank);
}

function cumulativeRates(
  caller: string,
  { ranks }: ProbeMatches,
  maxRank: number,
): Float64Array<ArrayBuffer> {
  const curve = new Float64Array(maxRank);
  let mated = 0;
  for (const rank of ranks) {
    if (rank > 0) mated += 1;
    if (rank > 0 && rank <= maxRank) curve[rank - 1]! += 1;
  }
  if (mated === 0) {
    throw new MetricsError(
      `${caller}: none of ${ranks.length} probes has its identity in the gallery: compare the probe and gallery labels.`,
    );
  }
  for (let index = 1; index < maxRank; index++) curve[index]! += curve[index - 1]!;
  return curve.map((count) => count / mated);
}
