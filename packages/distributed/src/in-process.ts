import { checkNumber, ShapeError } from '@openset/core';
import { checkExchange, checkNumbers, checkParts, checkRoot, checkState, checkValues } from './check-call.ts';
import type { Communicator, Numbers, Reduction, Values } from './communicator.ts';
import { CommunicatorError } from './errors.ts';

/** A call of one rank. */
interface Call {
  /** What all ranks must call alike: operation, type, lengths. */
  readonly signature: string;
  /** Values of this rank. */
  readonly values: Values | null;
  /** Receives the result, given the values of all ranks by rank. */
  readonly finish: (values: readonly (Values | null)[]) => void;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What the ranks share. */
class Meeting {
  readonly size: number;
  /** Calls that not all ranks have made, by their number. */
  readonly #calls = new Map<number, Map<number, Call>>();
  #failure: string | null = null;

  constructor(size: number) {
    this.size = size;
  }

  /** Adds a call of a rank. The last rank's call does the work of all. @param number of the call, which counts the calls of the rank */
  join(rank: number, number: number, call: Call): void {
    if (this.#failure !== null) {
      call.reject(new CommunicatorError(this.#failure));
      return;
    }
    const calls = this.#calls.get(number) ?? new Map<number, Call>();
    this.#calls.set(number, calls.set(rank, call));
    if (calls.size < this.size) return;
    this.#calls.delete(number);
    const inOrder = Array.from({ length: this.size }, (_, index) => calls.get(index)!);
    const signatures = inOrder.map(({ signature }) => signature);
    const other = signatures.findIndex((signature) => signature !== signatures[0]);
    if (other > 0) {
      const message = `Ranks called different operations at call ${number}: rank 0 ${signatures[0]}, rank ${other} ${signatures[other]}.`;
      for (const { reject } of inOrder) reject(new ShapeError(message));
      return;
    }
    const values = inOrder.map((one) => one.values);
    for (const { finish } of inOrder) finish(values);
    for (const { resolve } of inOrder) resolve();
  }

  /** Rejects all calls, now and later. */
  end(failure: string): void {
    this.#failure ??= failure;
    for (const calls of this.#calls.values())
      for (const { reject } of calls.values()) reject(new CommunicatorError(this.#failure));
    this.#calls.clear();
  }
}

/**
 * Returns the communicators of ranks that run as concurrent functions of this process. For tests of distributed programs: it makes nothing
 * faster. Sums are computed in float64 in the order of ranks, so results are the same in every run. A call whose operation, types or lengths
 * differ between ranks rejects with a `ShapeError` on all of them.
 * @param size number of ranks, from 1 to 1,024
 *
 * @example
 * import { inProcess } from '@openset/distributed';
 *
 * const sums = await Promise.all(
 *   inProcess(4).map(async (communicator) => {
 *     const values = Float32Array.of(communicator.rank);
 *     await communicator.allReduce(values);
 *     return values[0];
 *   }),
 * );
 * console.log(sums); // [6, 6, 6, 6]
 */
export function inProcess(size: number): Communicator[] {
  checkNumber('inProcess: size', size, { minimum: 1, maximum: 1024, integer: true });
  const meeting = new Meeting(size);
  return Array.from({ length: size }, (_, rank) => new InProcessCommunicator(meeting, rank));
}

class InProcessCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly hostName = 'in-process';
  readonly #meeting: Meeting;
  #callCount = 0;
  #isGathering = false;
  #isClosed = false;

  constructor(meeting: Meeting, rank: number) {
    this.#meeting = meeting;
    this.rank = rank;
    this.size = meeting.size;
  }

  async allReduce(values: Numbers, reduction: Reduction = 'sum'): Promise<void> {
    checkNumbers('allReduce', values, reduction);
    const sent = values.slice();
    await this.#call(`allReduce ${reduction} of ${describe(values)}`, sent, (all) => {
      reduce(all as Numbers[], 0, reduction, values);
    });
  }

  async reduceScatter<T extends Numbers>(values: T, part: T, reduction: Reduction = 'sum'): Promise<void> {
    checkNumbers('reduceScatter', values, reduction);
    checkParts('reduceScatter', values, part, this.size);
    await this.#call(`reduceScatter ${reduction} of ${describe(values)}`, values.slice(), (all) => {
      reduce(all as Numbers[], this.rank * part.length, reduction, part);
    });
  }

  async allGather<T extends Values>(values: T, all: T): Promise<void> {
    checkValues('allGather', values);
    checkParts('allGather', all, values, this.size);
    await this.#call(`allGather of ${describe(values)}`, values.slice(), (parts) => {
      for (const [rank, part] of parts.entries()) all.set(part!, rank * values.length);
    });
  }

  async allToAll<T extends Values>(values: T, received: T): Promise<void> {
    checkExchange(values, received, this.size);
    const length = values.length / this.size;
    await this.#call(`allToAll of ${describe(values)}`, values.slice(), (parts) => {
      for (const [rank, part] of parts.entries())
        received.set(part!.subarray(this.rank * length, (this.rank + 1) * length), rank * length);
    });
  }

  async allGatherVarying<T extends Values>(values: T): Promise<T[]> {
    checkValues('allGatherVarying', values);
    let result: T[] = [];
    const gathering = this.#call(
      `allGatherVarying of ${values.constructor.name}`,
      values.slice(),
      (parts) => {
        result = parts.map((part) => part!.slice() as T);
      },
    );
    this.#isGathering = true;
    await gathering.finally(() => {
      this.#isGathering = false;
    });
    return result;
  }

  async broadcast(values: Values, root = 0): Promise<void> {
    checkValues('broadcast', values);
    checkRoot(root, this.size);
    await this.#call(`broadcast from ${root} of ${describe(values)}`, values.slice(), (all) => {
      values.set(all[root]!);
    });
  }

  async barrier(): Promise<void> {
    await this.#call('barrier', null, () => {});
  }

  abort(message: string): void {
    this.#meeting.end(`Rank ${this.rank} of ${this.size} ended all ranks: ${message}`);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const closing = this.#call('close', null, () => {});
    this.#isClosed = true;
    await closing;
  }

  #call(signature: string, values: Values | null, finish: Call['finish']): Promise<void> {
    checkState(this.#isClosed, this.#isGathering);
    return new Promise((resolve, reject) => {
      this.#meeting.join(this.rank, this.#callCount++, { signature, values, finish, resolve, reject });
    });
  }
}

/** Combines parts of all ranks' values. @param offset of the part @param target receives it */
function reduce(all: readonly Numbers[], offset: number, reduction: Reduction, target: Numbers): void {
  for (let index = 0; index < target.length; index++) {
    let combined = all[0]![offset + index]!;
    for (let rank = 1; rank < all.length; rank++) {
      const value = all[rank]![offset + index]!;
      if (reduction === 'sum') combined += value;
      else combined = reduction === 'max' ? Math.max(combined, value) : Math.min(combined, value);
    }
    target[index] = combined;
  }
}

function describe(values: Values): string {
  return `${values.length} values of ${values.constructor.name}`;
}
