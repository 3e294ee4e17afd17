/** Values that ranks can sum. */
export type Numbers = Float32Array | Float64Array | Int32Array;

/** Values that ranks can exchange. */
export type Values = Numbers | Uint8Array;

/** How values of all ranks are combined, element by element. */
export type Reduction = 'sum' | 'max' | 'min';

/**
 * The ranks of a distributed program, and the collective operations between them.
 *
 * - All ranks call the same operations in the same order, with the same lengths and types.
 * - A call starts its operation at once. Several may be under way; the program computes meanwhile. Until the promise resolves, the arrays
 *   belong to the operation: do not read, write or move them. A WebAssembly memory that is not shared moves when it grows.
 * - Arrays may be views of any memory, such as the heap of a wasm backend. Nothing is copied on the way to the communicator.
 * - An operation with an array of the wrong length rejects with a `ShapeError` before anything is exchanged. One that fails rejects
 *   with a `CommunicatorError`, and the other ranks must be ended with `abort`.
 */
export interface Communicator {
  /** Number of this rank, from 0. */
  readonly rank: number;
  /** Number of ranks, at least 1. */
  readonly size: number;
  /** Name of the machine of this rank. */
  readonly hostName: string;

  /** Replaces values by their sum, largest or smallest over all ranks, which is the same on all ranks bit for bit. Default `'sum'`. */
  allReduce(values: Numbers, reduction?: Reduction): Promise<void>;

  /**
   * Replaces values by their sum, largest or smallest as `allReduce` does, and blocks this thread until all ranks have called it, for programs
   * that cannot wait for a promise. Its calls have an order of their own: operations that began before may be under way. Ranks in one process,
   * whose thread runs them all, lack it.
   */
  allReduceNow?(values: Numbers, reduction?: Reduction): void;

  /**
   * Reduces values as `allReduce` does, and leaves each rank one part.
   * @param values `[size · part.length]`; unchanged
   * @param part receives part number `rank`
   */
  reduceScatter<T extends Numbers>(values: T, part: T, reduction?: Reduction): Promise<void>;

  /**
   * Collects values of all ranks.
   * @param values the same length on all ranks
   * @param all `[size · values.length]`, receives them in the order of ranks
   */
  allGather<T extends Values>(values: T, all: T): Promise<void>;

  /**
   * Sends every rank its part of the values, and collects the parts of all ranks that are for this one.
   * @param values `[size · n]`: part number r is for rank r; unchanged
   * @param received `[size · n]`, receives the parts in the order of ranks
   */
  allToAll<T extends Values>(values: T, received: T): Promise<void>;

  /** Returns the values of all ranks, which may have different lengths, by rank. No other operation may begin until it has ended. */
  allGatherVarying<T extends Values>(values: T): Promise<T[]>;

  /** Replaces values by those of one rank. @param root default 0 */
  broadcast(values: Values, root?: number): Promise<void>;

  /** Resolves when all ranks have called it. */
  barrier(): Promise<void>;

  /**
   * Ends the program on all ranks, with an exit code that is not 0. The message is printed with the rank and its host.
   * @returns never under MPI; in process, all calls of all ranks reject from then on
   */
  abort(message: string): void;

  /** Waits until all ranks close, and frees what the communicator holds. Calls after it reject with a `ConfigError`. */
  close(): Promise<void>;
}
