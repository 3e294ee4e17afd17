import { badScore, largestCosine } from './scan-pairs.ts';
import type { OperatingPointSearch } from './score-stream.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/**
 * Operating points in one pass, which keeps all positives and the highest negatives: of `k` allowed false accepts only
 * the `k + 1` highest negatives matter.
 */
export function tailPoints({
  caller,
  positives,
  negatives,
  scan,
  allowed,
}: OperatingPointSearch): OperatingPoint[] {
  const kept = Math.min(Math.max(...allowed) + 1, negatives);
  const same = new Float32Array(positives);
  const tail = new Float32Array(Math.min(2 * kept, negatives));
  let sameCount = 0;
  let tailCount = 0;
  // Negatives that are not above it are not among the highest.
  let floor = Number.NEGATIVE_INFINITY;
  /** Cuts the tail back to the `kept` highest, and raises the floor to the lowest of them. */
  const cutBack = (): void => {
    tail.subarray(0, tailCount).sort();
    tail.copyWithin(0, tailCount - kept, tailCount);
    tailCount = kept;
    floor = tail[0]!;
  };
  scan((scores, start, end, identities, firstIdentity, identity) => {
    const shift = firstIdentity - start;
    let lowest = floor;
    for (let place = start; place < end; place++) {
      const score = scores[place]!;
      if (identities[place + shift] === identity) {
        if (!(Math.abs(score) <= largestCosine)) throw badScore(caller, score);
        same[sameCount++] = score;
      } else if (score > lowest) {
        if (score > largestCosine) throw badScore(caller, score);
        if (tailCount === tail.length) {
          cutBack();
          lowest = floor;
          if (score <= lowest) continue;
        }
        tail[tailCount++] = score;
      } else if (!(score >= -largestCosine)) throw badScore(caller, score);
    }
  });

  same.sort();
  const highest = tail.subarray(0, tailCount).sort();
  return allowed.map((count) => {
    // The highest negative that must be rejected: the threshold lies above it.
    const rejected = count < negatives ? highest[highest.length - 1 - count]! : Number.NEGATIVE_INFINITY;
    const below = countNotAbove(same, rejected);
    // Of the thresholds with this TAR the strictest: the lowest positive that is accepted.
    const threshold = same[below] ?? Number.POSITIVE_INFINITY;
    const falseAccepts = highest.length - countBelow(highest, threshold);
    return { tar: (positives - below) / positives, far: falseAccepts / negatives, threshold };
  });
}

/** How many of the ascending values are `<= bound`. */
function countNotAbove(sorted: Float32Array, bound: number): number {
  return placeOf(sorted, (value) => value <= bound);
}

/** How many of the ascending values are `< bound`. */
function countBelow(sorted: Float32Array, bound: number): number {
  return placeOf(sorted, (value) => value < bound);
}

/** How many values from the start on fulfil a condition that holds up to some place. */
function placeOf(sorted: Float32Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
