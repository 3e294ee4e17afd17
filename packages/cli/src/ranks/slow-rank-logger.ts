import type { Logger } from '@openset/train';
import type { Output } from '../output.ts';

/** A rank is slow if it computes less than this share of the images per second of the others. */
const slowShare = 0.75;
/** Reports in a row in which a rank is slow before it is named. */
const reportsBefore = 2;

/**
 * Returns a logger that names a rank which is much slower than the others, once: all ranks wait for it in every step.
 * @param hosts names of the ranks' machines, by rank
 */
export function slowRankLogger(hosts: readonly string[], output: Output): Logger {
  let slowest: number | null = null;
  let reports = 0;
  let isNamed = false;
  return {
    log(event) {
      if (event.kind !== 'ranks' || isNamed) return;
      const found = findSlowRank(event.imagesPerSecond);
      reports = found && found.rank === slowest ? reports + 1 : 1;
      slowest = found?.rank ?? null;
      if (!found || reports < reportsBefore) return;
      isNamed = true;
      const host = hosts[found.rank];
      output.note(
        `${output.stream.isTTY ? '\r\x1b[K' : ''}rank ${found.rank} (${host}) computes ${formatRate(found.rate)} images/s, the others ` +
          `${formatRate(found.others)}: all ranks wait for it in every step. Look what else runs on ${host}, or train without it.`,
      );
    },
  };
}

/** Returns the slowest rank if it is much slower than the middle one of the others. */
function findSlowRank(rates: readonly number[]): { rank: number; rate: number; others: number } | null {
  const known = [...rates.keys()]
    .filter((rank) => !Number.isNaN(rates[rank]))
    .sort((first, second) => rates[first]! - rates[second]!);
  const [rank, ...others] = known;
  if (rank === undefined || others.length === 0) return null;
  const middle = rates[others[Math.floor((others.length - 1) / 2)]!]!;
  return rates[rank]! < slowShare * middle ? { rank, rate: rates[rank]!, others: middle } : null;
}

const formatRate = (rate: number) => String(Number(rate.toPrecision(3)));
