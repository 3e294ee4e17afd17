import { addWords, packWords, roundWithErrors, unpackWords } from './bfloat16.ts';
import type { Communicator } from './communicator.ts';

/** Values that are summed, and what follows when they are. */
interface Bucket {
  readonly values: Float32Array;
  readonly place: number;
  /** Words of this rank's part from all ranks, `[size · length of the part]`. */
  readonly received: Uint16Array;
  readonly arrived: Promise<void>;
  readonly resolve: (end: Promise<void>) => void;
}

/**
 * Sums buckets over all ranks, rounded to bfloat16 on the way: every rank sends each other one its part of the bucket, which that rank adds up in
 * float32, rounds, and sends to all. So a rank sends `4 (N − 1) / N` bytes a value, half of what a sum of float32 takes. All ranks get the same
 * bits. What a rounding loses is added to the values of the same place the next time.
 */
export class RoundedSum {
  readonly #communicator: Communicator;
  /** What this rank rounded off its values. */
  readonly #errors: Float32Array;
  /** What this rank rounded off the sums of its parts, by the place of the bucket. */
  readonly #errorsOfSums = new Map<number, Float32Array>();
  /** The operations begin in the same order on all ranks, whichever end first. */
  #turn: Promise<void> = Promise.resolve();
  #before: Bucket | null = null;

  /** @param length number of values of all buckets together */
  constructor(communicator: Communicator, length: number) {
    this.#communicator = communicator;
    this.#errors = new Float32Array(length);
  }

  /** Number of values of all buckets together. */
  get length(): number {
    return this.#errors.length;
  }

  /**
   * Replaces values by their sums. The sums arrive while later buckets are sent; call `flush` after the last one.
   * @param place position of the bucket among all values, the same in every step
   */
  sum(values: Float32Array, place: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#turn = this.#turn.then(async () => {
        const before = this.#before;
        this.#before = this.#scatter(values, place, resolve);
        if (before) await this.#gather(before);
      });
      this.#turn.catch(reject);
    });
  }

  /** Lets the sums of the last bucket arrive. */
  flush(): void {
    this.#turn = this.#turn.then(async () => {
      const before = this.#before;
      this.#before = null;
      if (before) await this.#gather(before);
    });
    // `sum` reports the error.
    this.#turn.catch(() => {});
  }

  #scatter(values: Float32Array, place: number, resolve: Bucket['resolve']): Bucket {
    const { size } = this.#communicator;
    roundWithErrors(values, this.#errors.subarray(place, place + values.length));
    const sent = new Uint16Array(size * Math.ceil(values.length / size));
    packWords(values, sent);
    const received = new Uint16Array(sent.length);
    const arrived = this.#communicator.allToAll(bytesOf(sent), bytesOf(received));
    // `#gather` reports the error.
    arrived.catch(() => {});
    return { values, place, received, arrived, resolve };
  }

  async #gather({ values, place, received, arrived, resolve }: Bucket): Promise<void> {
    await arrived;
    const { size } = this.#communicator;
    const sums = new Float32Array(received.length / size);
    for (let rank = 0; rank < size; rank++)
      addWords(received.subarray(rank * sums.length, (rank + 1) * sums.length), sums);
    const errors = this.#errorsOfSums.get(place) ?? new Float32Array(sums.length);
    this.#errorsOfSums.set(place, errors);
    roundWithErrors(sums, errors);
    const words = new Uint16Array(sums.length);
    packWords(sums, words);
    const all = new Uint16Array(received.length);
    const gathered = this.#communicator.allGather(bytesOf(words), bytesOf(all));
    resolve(gathered.then(() => unpackWords(all, values)));
  }
}

function bytesOf(words: Uint16Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
