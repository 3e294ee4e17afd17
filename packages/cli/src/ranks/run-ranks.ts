import type { Ranks } from '@openset/core';
import type { GradientWire } from '@openset/distributed';

/** The ranks of a training run. */
export interface RunRanks extends Ranks {
  /** Names of the ranks' machines, by rank. */
  readonly hosts: readonly string[];
  /** Number of ranks on this machine, which share its cores. */
  readonly localCount: number;
  /** Returns the same ranks, whose gradients travel in this way; default float32. */
  withGradientWire(wire: GradientWire): RunRanks;
  /**
   * Checks that all ranks have the same facts, by what they are.
   * @throws ConfigError on all ranks, naming the first fact that differs, and the ranks
   */
  checkSame(facts: Readonly<Record<string, string>>): Promise<void>;
}

/** Returns whether this process writes the files and the output of a run. */
export function isWriter(ranks: Ranks | null): boolean {
  return ranks === null || ranks.rank === 0;
}

/**
 * Returns the number of threads of a rank: its share of the cores that it may use.
 * @param available cores that the process may use
 * @param cores of the machine. If a rank may use fewer, the launcher has given it its own ones
 */
export function threadsOfRank(localCount: number, available: number, cores: number): number {
  return available < cores ? available : Math.max(1, Math.floor(available / localCount));
}
