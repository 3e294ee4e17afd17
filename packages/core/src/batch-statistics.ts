/** Exchanges sums between parts of a batch that are computed apart, such as those of the ranks of a data-parallel run. */
export interface BatchStatisticsExchange {
  /**
   * Whether the rows of this part belong to the batch. A part without rows computes a row that stands for none, because all parts take part in
   * every exchange.
   */
  readonly hasRows: boolean;
  /** Replaces values by their sums over all parts, equal in all of them. Returns when all parts have called it, in the same order. */
  sum(values: Float64Array): void;
}

let current: BatchStatisticsExchange | null = null;

/**
 * Runs a forward pass in which the batch norms of `@openset/backbones` use the statistics of all parts of a batch, not only those of its own rows.
 * Their gradients exchange sums too, whenever the backward pass runs.
 * @returns what `work` returns @throws what `work` throws
 */
export function withBatchStatistics<T>(exchange: BatchStatisticsExchange, work: () => T): T {
  const before = current;
  current = exchange;
  try {
    return work();
  } finally {
    current = before;
  }
}

/** Returns the exchange of the `withBatchStatistics` that runs; null if statistics are those of the rows at hand. */
export function batchStatisticsExchange(): BatchStatisticsExchange | null {
  return current;
}
