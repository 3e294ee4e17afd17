import { DataError } from '@openset/core';

/** A record that could not be read or decoded. */
export interface BadRecord {
  /** Its number in the source. */
  readonly index: number;
  /** Where it came from: a path, or file and record number. */
  readonly origin: string;
  readonly reason: string;
  /** How many times it was met. */
  readonly count: number;
}

/** What is to happen with records that cannot be read. */
export type BadRecordPolicy = 'skip' | 'throw';

/** A record that failed in a batch. */
export type RecordFailure = Omit<BadRecord, 'count'>;

/** Keeps the report of bad records. */
export class BadRecordReport {
  readonly #records = new Map<number, BadRecord>();

  /** Every bad record once, in the order in which they were met. */
  get records(): readonly BadRecord[] {
    return [...this.#records.values()];
  }

  /**
   * Takes in what failed in a batch.
   * @throws DataError for the first failure, if the policy says so
   */
  add(failures: readonly RecordFailure[], policy: BadRecordPolicy): void {
    for (const failure of failures) {
      const count = (this.#records.get(failure.index)?.count ?? 0) + 1;
      this.#records.set(failure.index, { ...failure, count });
      if (policy === 'throw') throw badRecordError(failure);
    }
  }
}

/** The error for one record; says how to go on without it. */
export function badRecordError({ index, reason }: RecordFailure): DataError {
  return new DataError(`Record ${index}: ${reason} (onBadRecord: 'skip' goes on without such records.)`);
}
