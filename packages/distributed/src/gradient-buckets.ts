import { checkNumber, DataError } from '@openset/core';
import type { Communicator } from './communicator.ts';

/** Options of `GradientBuckets`. */
export interface GradientBucketsOptions {
  /** Number of values of a bucket, at least 1; default 1,048,576, which are 4 MB. */
  readonly bucketLength?: number | undefined;
}

/** A bucket that is filled or on its way. */
interface Bucket {
  readonly memory: Float32Array;
  /** Arrays whose values it holds, one after the other. */
  readonly arrays: Float32Array[];
  used: number;
}

/**
 * Sums gradients over all ranks. Small gradients share buckets, because every operation takes some time whatever its size. A full bucket is
 * sent at once, while the program computes or reads further gradients. One that fills a bucket alone is summed in place.
 *
 * @example
 * import { GradientBuckets, inProcess } from '@openset/distributed';
 *
 * const [communicator] = inProcess(1); // or openMpi() of @openset/distributed/node
 * const gradients = [Float32Array.of(1, 2), Float32Array.of(3)];
 * const buckets = new GradientBuckets(communicator!);
 * for (const gradient of gradients) buckets.add(gradient); // the same lengths in the same order on all ranks
 * await buckets.finish(); // now all gradients are sums over the ranks
 */
export class GradientBuckets {
  readonly #communicator: Communicator;
  readonly #bucketLength: number;
  #filling: Bucket | null = null;
  #sent: Bucket[] = [];
  #operations: Promise<void>[] = [];
  /** Memories of earlier buckets. */
  readonly #free: Float32Array[] = [];

  /** @throws ConfigError for bad options */
  constructor(communicator: Communicator, { bucketLength = 2 ** 20 }: GradientBucketsOptions = {}) {
    checkNumber('GradientBuckets: bucketLength', bucketLength, { minimum: 1, integer: true });
    this.#communicator = communicator;
    this.#bucketLength = bucketLength;
  }

  /**
   * Adds gradients of this rank. Leave the array alone until `finish` resolves.
   * @throws DataError if it is no Float32Array
   */
  add(gradients: Float32Array): void {
    if (!(gradients instanceof Float32Array))
      throw new DataError('GradientBuckets: gradients must be a Float32Array.');
    if (gradients.length >= this.#bucketLength) {
      this.#start(gradients);
      return;
    }
    if (this.#filling && this.#filling.used + gradients.length > this.#bucketLength) this.#send();
    this.#filling ??= {
      memory: this.#free.pop() ?? new Float32Array(this.#bucketLength),
      arrays: [],
      used: 0,
    };
    this.#filling.memory.set(gradients, this.#filling.used);
    this.#filling.arrays.push(gradients);
    this.#filling.used += gradients.length;
  }

  /**
   * Sends the rest, and resolves when all arrays that were added hold the sums over all ranks. Then further gradients can be added.
   * @throws what the communicator throws; the arrays then have undefined values
   */
  async finish(): Promise<void> {
    this.#send();
    const operations = this.#operations;
    this.#operations = [];
    const sent = this.#sent;
    this.#sent = [];
    await Promise.all(operations);
    for (const { memory, arrays } of sent) {
      let place = 0;
      for (const array of arrays) {
        array.set(memory.subarray(place, place + array.length));
        place += array.length;
      }
      this.#free.push(memory);
    }
  }

  #send(): void {
    if (!this.#filling) return;
    this.#start(this.#filling.memory.subarray(0, this.#filling.used));
    this.#sent.push(this.#filling);
    this.#filling = null;
  }

  #start(values: Float32Array): void {
    const operation = this.#communicator.allReduce(values);
    // `finish` reports the error.
    operation.catch(() => {});
    this.#operations.push(operation);
  }
}
