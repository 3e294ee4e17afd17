import type { MpiFunctions } from './mpi-functions.ts';
import type { RollCall } from './roll-call.ts';

/** An operation that has begun and not ended. */
interface Operation {
  readonly name: string;
  /** Number of operations that began before it. */
  readonly number: number;
  readonly request: BigInt64Array;
  /** Arrays that MPI reads or writes meanwhile. */
  readonly arrays: readonly unknown[];
  readonly startedAt: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** An operation that ranks wait for. */
type Watched = Pick<Operation, 'name' | 'startedAt'> & {
  /** Number of operations that began before it; null for one that blocks, whose order is its own. */
  readonly number: number | null;
};

/** What happens when an operation takes too long. */
export interface Watchdog {
  /** Milliseconds that an operation may take; infinite for no limit. */
  readonly timeout: number;
  readonly rank: number;
  readonly size: number;
  /** Ends all ranks. @param missing ranks that did not answer */
  readonly giveUp: (operation: string, missing: readonly number[]) => void;
}

/** Milliseconds that other ranks have to answer: much more than one needs that waits as well, also on a busy machine. */
const answerTime = 5000;
/** Milliseconds between two readings of messages. */
const messageInterval = 50;

/**
 * Runs non-blocking operations of MPI: tests them in every turn of the event loop until they end. MPI moves data only while it is called, and
 * most MPI libraries have no thread of their own for it.
 */
export class Progress {
  readonly #functions: MpiFunctions;
  readonly #ignoreStatus: bigint;
  readonly #rollCall: RollCall;
  readonly #watchdog: Watchdog;
  readonly #flag = new Int32Array(1);
  #operations: Operation[] = [];
  #count = 0;
  #messagesReadAt = 0;
  /** Time of the question to the other ranks; null if this rank has not asked. */
  #askedAt: number | null = null;

  constructor(functions: MpiFunctions, ignoreStatus: bigint, rollCall: RollCall, watchdog: Watchdog) {
    this.#functions = functions;
    this.#ignoreStatus = ignoreStatus;
    this.#rollCall = rollCall;
    this.#watchdog = watchdog;
  }

  /** Begins an operation. @param begin gives MPI the request @returns resolves when the operation has ended */
  run(name: string, arrays: readonly unknown[], begin: (request: BigInt64Array) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = new BigInt64Array(1);
      begin(request);
      const startedAt = performance.now();
      this.#operations.push({ name, number: this.#count++, request, arrays, startedAt, resolve, reject });
      if (this.#operations.length === 1) setImmediate(this.#advance);
    });
  }

  /**
   * Runs an operation, and blocks until it has ended. Operations that began before travel meanwhile. @param begin gives MPI the request
   * @throws CommunicatorError if MPI reports an error
   */
  runNow(name: string, begin: (request: BigInt64Array) => void): void {
    const request = new BigInt64Array(1);
    begin(request);
    const operation = { name, number: null, startedAt: performance.now() };
    while (!this.#isComplete(request)) this.#watchAtTimes(operation);
    this.#askedAt = null;
  }

  readonly #advance = (): void => {
    this.#operations = this.#operations.filter((operation) => !this.#hasEnded(operation));
    const [oldest] = this.#operations;
    if (!oldest) return;
    this.#watchAtTimes(oldest);
    setImmediate(this.#advance);
  };

  /** Reads messages, and watches an operation, if it is time to. */
  #watchAtTimes(oldest: Watched): void {
    const now = performance.now();
    if (now <= this.#messagesReadAt + messageInterval) return;
    this.#messagesReadAt = now;
    this.#rollCall.poll(this.#count);
    this.#watch(oldest, now);
  }

  #isComplete(request: BigInt64Array): boolean {
    this.#functions.test(request, this.#flag, this.#ignoreStatus);
    return this.#flag[0] !== 0;
  }

  #hasEnded(operation: Operation): boolean {
    try {
      if (!this.#isComplete(operation.request)) return false;
    } catch (error) {
      operation.reject(error);
      return true;
    }
    this.#askedAt = null;
    operation.resolve();
    return true;
  }

  /** Ends all ranks if the oldest operation takes too long. Asks before which ranks are missing. */
  #watch({ name, number, startedAt }: Watched, now: number): void {
    const { timeout, rank, size, giveUp } = this.#watchdog;
    if (now - startedAt < timeout) return;
    if (this.#askedAt === null) {
      this.#askedAt = now;
      // Whoever answers waits, too.
      this.#rollCall.ask(number ?? -1);
      return;
    }
    const ranks = Array.from({ length: size }, (_, index) => index);
    const present = ranks.filter((one) => this.#rollCall.isPresent(one));
    // The first rank speaks for all, at once if all have answered; the others do if it is the one that is missing.
    const waits = present.indexOf(rank) + (present.length < size ? 1 : 0);
    if (now - this.#askedAt < answerTime * waits) return;
    giveUp(
      number === null ? name : `${name} (call ${number})`,
      ranks.filter((one) => !present.includes(one)),
    );
  }
}
