import type { MpiFunctions } from './mpi-functions.ts';
import type { Handle, MpiConstants } from './mpi-library.ts';

/** Tag of the messages. */
const tag = 1;
const ask = 0;
const answer = 1;

/** What the roll call needs of the communicator. */
export interface RollCallOptions {
  readonly functions: MpiFunctions;
  readonly constants: MpiConstants;
  /** Communicator whose messages no other code receives. */
  readonly channel: Handle;
  readonly address: (values: Int32Array) => bigint;
  readonly rank: number;
  readonly size: number;
}

/** A message that is on its way. */
interface Sent {
  readonly request: BigInt64Array;
  readonly message: Int32Array;
}

/**
 * Finds out which ranks have reached a call. A rank answers whenever it waits for a collective operation, so one that hangs or computes does
 * not answer.
 */
export class RollCall {
  readonly #options: RollCallOptions;
  /** `[kind, rank, number of calls]` of the next message. */
  readonly #received = new Int32Array(3);
  readonly #receiving = new BigInt64Array(1);
  readonly #present = new Set<number>();
  #sent: Sent[] = [];
  /** Number of the call that this rank asked for; null before it asks. */
  #askedFor: number | null = null;

  constructor(options: RollCallOptions) {
    this.#options = options;
    this.#receive();
  }

  /** Asks all others whether they have reached a call. */
  ask(call: number): void {
    const { rank, size } = this.#options;
    this.#askedFor = call;
    this.#present.clear();
    this.#present.add(rank);
    for (let other = 0; other < size; other++) if (other !== rank) this.#send(other, ask, call);
  }

  /** Whether a rank has answered that it has reached the call. */
  isPresent(rank: number): boolean {
    return this.#present.has(rank);
  }

  /** Reads messages, and answers. @param calls number of calls that this rank has made */
  poll(calls: number): void {
    this.#sent = this.#sent.filter(({ request }) => !this.#hasEnded(request));
    while (this.#hasEnded(this.#receiving)) {
      const [kind, sender, number] = this.#received as unknown as [number, number, number];
      if (kind === ask) this.#send(sender, answer, calls);
      else if (this.#askedFor !== null && number > this.#askedFor) this.#present.add(sender);
      this.#receive();
    }
  }

  /** Ends the receiving of messages, by one to itself. */
  close(): void {
    this.#send(this.#options.rank, answer, 0);
    while (!this.#hasEnded(this.#receiving)) {
      // It arrives at once.
    }
  }

  #send(other: number, kind: number, number: number): void {
    const { functions, constants, channel, address, rank } = this.#options;
    const message = Int32Array.of(kind, rank, number);
    const request = new BigInt64Array(1);
    functions.send(address(message), 3, constants.types.Int32Array, other, tag, channel, request);
    this.#sent.push({ request, message });
  }

  #receive(): void {
    const { functions, constants, channel, address } = this.#options;
    const { types, anySource } = constants;
    functions.receive(
      address(this.#received),
      this.#received.length,
      types.Int32Array,
      anySource,
      tag,
      channel,
      this.#receiving,
    );
  }

  #hasEnded(request: BigInt64Array): boolean {
    const flag = new Int32Array(1);
    this.#options.functions.test(request, flag, this.#options.constants.ignoreStatus);
    return flag[0] !== 0;
  }
}
