import {
  ConfigError,
  checkNumber,
  DataError,
  type RankSum,
  ShapeError,
  type TravelSpan,
} from '@openset/core';
import type { Communicator } from './communicator.ts';
import { RoundedSum } from './rounded-sum.ts';

/** Options of `GradientBuckets`. */
export interface GradientBucketsOptions {
  /** Number of values of a bucket, at least 1; default 1,048,576, which are 4 MB. */
  readonly bucketLength?: number | undefined;
  /**
   * How gradients travel; default `'float32'`. `'bfloat16'` sends half the bytes. Gradients and their sums are rounded to 8 bits, and what a
   * rounding loses is added in the next step. A resumed run starts without what the last step lost.
   */
  readonly wire?: GradientWire | undefined;
}

/** How gradients travel between ranks. */
export type GradientWire = 'float32' | 'bfloat16';

/**
 * Sums gradients over all ranks, in buckets that small gradients share and large ones fill several of. A bucket is sent as soon as it is full,
 * while the program computes or reads further gradients. Buckets depend on the lengths alone, so sums do not depend on timing.
 *
 * @example
 * import { GradientBuckets, inProcess } from '@openset/distributed';
 *
 * const [communicator] = inProcess(1); // or openMpi() of @openset/distributed/node
 * const buckets = new GradientBuckets(communicator!);
 * const sum = buckets.start([2, 1]); // the same lengths on all ranks
 * sum.set(1, Float32Array.of(3)); // in any order
 * sum.set(0, Float32Array.of(1, 2));
 * const [first, second] = await sum.finish(); // the sums over the ranks
 * console.log(first, second);
 */
export class GradientBuckets {
  readonly #communicator: Communicator;
  readonly #bucketLength: number;
  readonly #wire: GradientWire;
  /** Keeps what roundings lose; null without them. */
  #rounded: RoundedSum | null = null;
  /** Memory of an earlier sum; null while it is in use. */
  #memory: Float32Array | null = null;

  /** @throws ConfigError for bad options */
  constructor(
    communicator: Communicator,
    { bucketLength = 2 ** 20, wire = 'float32' }: GradientBucketsOptions = {},
  ) {
    if (wire !== 'float32' && wire !== 'bfloat16')
      throw new ConfigError(`GradientBuckets: wire must be float32 or bfloat16, but is '${String(wire)}'.`);
    checkNumber('GradientBuckets: bucketLength', bucketLength, { minimum: 1, integer: true });
    this.#communicator = communicator;
    this.#bucketLength = bucketLength;
    this.#wire = wire;
  }

  /**
   * Starts a sum. Finish it before the next operation of the communicator. With `wire: 'bfloat16'`, all sums with the same number of values are
   * steps of one training: an array gets what its last sum lost.
   * @param lengths numbers of values of the arrays, the same on all ranks; the first arrays are sent first
   * @returns `set` throws a DataError for values that are no Float32Array, a ShapeError for a wrong length, and a ConfigError for an array
   *   that is unknown or set already; `finish` throws what the communicator throws, and a ConfigError if arrays are missing
   */
  start(lengths: readonly number[]): RankSum {
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const memory = this.#memory && this.#memory.length >= total ? this.#memory : new Float32Array(total);
    this.#memory = null;
    return new BucketSum(this.#route(total), this.#bucketLength, lengths, memory, () => {
      this.#memory = memory;
    });
  }

  #route(total: number): Route {
    if (this.#wire === 'bfloat16') {
      if (this.#rounded?.length !== total) this.#rounded = new RoundedSum(this.#communicator, total);
      return this.#rounded;
    }
    return { sum: (values) => this.#communicator.allReduce(values), flush: () => {} };
  }
}

/** How buckets are summed. */
type Route = Pick<RoundedSum, 'sum' | 'flush'>;

/** A sum whose arrays lie in one memory, one after the other. Buckets are parts of it. */
class BucketSum implements RankSum {
  readonly spans: TravelSpan[] = [];
  readonly #route: Route;
  readonly #bucketLength: number;
  readonly #arrays: readonly Float32Array[];
  readonly #memory: Float32Array;
  readonly #release: () => void;
  readonly #isSet: boolean[];
  readonly #operations: Promise<void>[] = [];
  /** Number of arrays before the first one that is not set, and of their values. */
  #ready = { arrays: 0, values: 0 };
  /** Number of values in the buckets that were sent. */
  #sent = 0;

  constructor(
    route: Route,
    bucketLength: number,
    lengths: readonly number[],
    memory: Float32Array,
    release: () => void,
  ) {
    this.#route = route;
    this.#bucketLength = bucketLength;
    this.#memory = memory;
    this.#release = release;
    this.#isSet = lengths.map(() => false);
    let start = 0;
    this.#arrays = lengths.map((length) => {
      start += length;
      return memory.subarray(start - length, start);
    });
  }

  set(index: number, values: Float32Array): void {
    const array = this.#arrays[index];
    if (!(values instanceof Float32Array))
      throw new DataError('GradientBuckets: gradients must be a Float32Array.');
    if (!array || this.#isSet[index])
      throw new ConfigError(`GradientBuckets: array ${index} is ${array ? 'set already' : 'unknown'}.`);
    if (values.length !== array.length) {
      throw new ShapeError(
        `GradientBuckets: array ${index} has ${array.length} values, but was set to ${values.length}.`,
      );
    }
    array.set(values);
    this.#isSet[index] = true;
    this.#sendFull();
  }

  async finish(): Promise<readonly Float32Array[]> {
    const missing = this.#isSet.indexOf(false);
    if (missing >= 0) throw new ConfigError(`GradientBuckets: array ${missing} is not set.`);
    if (this.#sent < this.#ready.values) this.#send(this.#ready.values);
    this.#route.flush();
    await Promise.all(this.#operations);
    this.#release();
    return this.#arrays;
  }

  #sendFull(): void {
    let { arrays, values } = this.#ready;
    for (; this.#isSet[arrays]; arrays++) values += this.#arrays[arrays]!.length;
    this.#ready = { arrays, values };
    while (values - this.#sent >= this.#bucketLength) this.#send(this.#sent + this.#bucketLength);
  }

  /** Sends the values from the end of the last bucket to `end`. */
  #send(end: number): void {
    const operation = this.#reduce(this.#sent, end);
    this.#sent = end;
    // `finish` reports the error.
    operation.catch(() => {});
    this.#operations.push(operation);
  }

  async #reduce(first: number, end: number): Promise<void> {
    const start = performance.now();
    await this.#route.sum(this.#memory.subarray(first, end), first);
    this.spans.push({ start, end: performance.now() });
  }
}
