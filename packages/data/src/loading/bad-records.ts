import { DataError, type ErrorAdvice } from '@openset/core';
import type { ImageSource } from '../source.ts';

/** A record that could not be read or decoded. */
export interface BadRecord {
  /** Index in the source. */
  readonly index: number;
  /** Name of the record in messages: a path, or file and record number. */
  readonly origin: string;
  /** What is wrong with it. */
  readonly reason: string;
  /** What to do about it, if an option may help. */
  readonly advice?: ErrorAdvice;
  /** Number of times that the loader encountered it. */
  readonly count: number;
}

/** Behaviour for records that cannot be read or decoded. */
export type BadRecordPolicy = 'skip' | 'throw';

/** One failure of a record in a batch. */
export type RecordFailure = Omit<BadRecord, 'count'>;

/** Collects the bad records that a loader encounters. */
export class BadRecordReport {
  readonly #records = new Map<number, BadRecord>();

  /** Every bad record once, in the order of its first failure. */
  get records(): readonly BadRecord[] {
    return [...this.#records.values()];
  }

  /**
   * Records the failures of a batch.
   * @throws DataError for the first failure with the policy `'throw'`
   */
  add(failures: readonly RecordFailure[], policy: BadRecordPolicy): void {
    for (const failure of failures) {
      const count = (this.#records.get(failure.index)?.count ?? 0) + 1;
      this.#records.set(failure.index, { ...failure, count });
      if (policy === 'throw') throw badRecordError(failure);
    }
  }
}

/** Returns the name of a record that could not be read. */
export function originOf(source: ImageSource, index: number): string {
  return source.origin?.(index) ?? `record ${index}`;
}

/** Returns the error for one record, which says how to skip it. */
export function badRecordError({ index, reason, advice }: RecordFailure): DataError {
  const text = `${advice ? `${advice.text} ` : ''}onBadRecord: 'skip' skips such records.`;
  return new DataError(`Record ${index}: ${reason}`, { advice: { option: 'onBadRecord', text } });
}
