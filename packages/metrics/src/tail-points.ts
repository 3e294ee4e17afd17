import { requireCosine } from './scan-pairs.ts';
import type { OperatingPointSearch } from './score-stream.ts';
import type { OperatingPoint } from './tar-at-far.ts';

/**
 * Finds operating points in one pass, which keeps all positives and the highest negatives. If `k` false accepts are
 * allowed, only the `k + 1` highest negatives matter.
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
  // A negative at or below the floor is not among the highest.
  let floor = Number.NEGATIVE_INFINITY;
  /** Trims the tail to the `kept` highest, and raises the floor to the lowest of them. */
  const trimTail = (): void => {
    tail.subarray(0, tailCount).sort();
    tail.copyWithin(0, tailCount - kept, tailCount);
    tailCount = kept;
    floor = tail[0]!;
  };
  scan((scores, start, end, identities, firstIdentity, identity) => {
    const shift = firstIdentity - start;
    let lowest = floor;
    for (let index = start; index < end; index++) {
      const score = scores[index]!;
      if (identities[index + shift] === identity) {
        requireCosine(caller, score);
        same[sameCount++] = score;
      } else if (score > lowest) {
        requireCosine(caller, score);
        if (tailCount === tail.length) {
          trimTail();
          lowest = floor;
          if (score <= lowest) continue;
        }
        tail[tailCount++] = score;
      } else requireCosine(caller, score);
    }
  });

  same.sort();
  const highest = tail.subarray(0, tailCount).sort();
  return allowed.map((count) => {
    // The highest negative that must be rejected; the threshold is above it.
    const rejected = count < negatives ? highest[highest.length - 1 - count]! : Number.NEGATIVE_INFINITY;
    const below = countAtMost(same, rejected);
    // The strictest threshold with this TAR: the lowest positive that is accepted.
    const threshold = same[below] ?? Number.POSITIVE_INFINITY;
    const falseAccepts = highest.length - countBelow(highest, threshold);
    return { tar: (positives - below) / positives, far: falseAccepts / negatives, threshold };
  });
}

/** Returns how many of the ascending values are `<= bound`. */
function countAtMost(sorted: Float32Array, bound: number): number {
  return partitionPoint(sorted, (value) => value <= bound);
}

/** Returns how many of the ascending values are `< bound`. */
function countBelow(sorted: Float32Array, bound: number): number {
  return partitionPoint(sorted, (value) => value < bound);
}

/** Returns the index of the first value that fails a condition; all values before it meet the condition. */
function partitionPoint(sorted: Float32Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
