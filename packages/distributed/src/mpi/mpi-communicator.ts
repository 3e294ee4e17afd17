import { writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { inspect } from 'node:util';
import {
  checkExchange,
  checkNumbers,
  checkParts,
  checkRoot,
  checkState,
  checkValues,
} from '../check-call.ts';
import type { Communicator, Numbers, Reduction, Values } from '../communicator.ts';
import type { MpiFunctions } from './mpi-functions.ts';
import type { Handle, MpiConstants } from './mpi-library.ts';
import { Progress } from './progress.ts';
import { RollCall } from './roll-call.ts';

/** What an `MpiCommunicator` needs. */
export interface MpiCommunicatorOptions {
  readonly functions: MpiFunctions;
  readonly constants: MpiConstants;
  readonly rank: number;
  readonly size: number;
  /** Communicator for messages about missing ranks. */
  readonly channel: Handle;
  /** Communicator for operations that block, whose order is independent of all others. */
  readonly blocking: Handle;
  /** Returns the address of an array's memory. */
  readonly address: (values: Values) => bigint;
  /** Milliseconds that an operation may take. */
  readonly timeout: number;
}

/** The ranks that a launcher such as `mpirun` started. `openMpi` opens it. */
export class MpiCommunicator implements Communicator {
  readonly rank: number;
  readonly size: number;
  readonly hostName = hostname();
  readonly #options: MpiCommunicatorOptions;
  readonly #rollCall: RollCall;
  readonly #progress: Progress;
  /** Names of the ranks' machines. */
  #hosts: readonly string[] = [];
  #isGathering = false;
  /** What ends this process, if it fails. */
  #fatalError: { readonly error: unknown } | null = null;
  #state: 'open' | 'closing' | 'closed' = 'open';

  /** @internal */
  constructor(options: MpiCommunicatorOptions) {
    const { functions, constants, rank, size, timeout } = options;
    this.#options = options;
    this.rank = rank;
    this.size = size;
    this.#rollCall = new RollCall(options);
    this.#progress = new Progress(functions, constants.ignoreStatus, this.#rollCall, {
      timeout,
      rank,
      size,
      giveUp: (operation, missing) => this.abort(this.#describeMissing(operation, missing)),
    });
    process.on('uncaughtExceptionMonitor', this.#rememberError);
    process.on('exit', this.#endWithProcess);
  }

  /** @internal Learns the names of all machines, for messages. */
  async learnHosts(): Promise<void> {
    const names = await this.allGatherVarying(new TextEncoder().encode(this.hostName));
    this.#hosts = names.map((name) => new TextDecoder().decode(name));
  }

  async allReduce(values: Numbers, reduction: Reduction = 'sum'): Promise<void> {
    checkNumbers('allReduce', values, reduction);
    const { functions, address, constants } = this.#options;
    const { inPlace, world, operations } = constants;
    await this.#run('allReduce', [values], (request) =>
      functions.allReduce(
        inPlace,
        address(values),
        values.length,
        this.#typeOf(values),
        operations[reduction],
        world,
        request,
      ),
    );
  }

  allReduceNow(values: Numbers, reduction: Reduction = 'sum'): void {
    checkNumbers('allReduceNow', values, reduction);
    checkState(this.#state !== 'open', false);
    const { functions, address, constants, blocking } = this.#options;
    // Not MPI_Allreduce, which would wait for a rank that hangs without end.
    this.#progress.runNow('allReduceNow', (request) =>
      functions.allReduce(
        constants.inPlace,
        address(values),
        values.length,
        this.#typeOf(values),
        constants.operations[reduction],
        blocking,
        request,
      ),
    );
  }

  async reduceScatter<T extends Numbers>(values: T, part: T, reduction: Reduction = 'sum'): Promise<void> {
    checkNumbers('reduceScatter', values, reduction);
    checkParts('reduceScatter', values, part, this.size);
    const { functions, address, constants } = this.#options;
    await this.#run('reduceScatter', [values, part], (request) =>
      functions.reduceScatter(
        address(values),
        address(part),
        part.length,
        this.#typeOf(values),
        constants.operations[reduction],
        constants.world,
        request,
      ),
    );
  }

  async allGather<T extends Values>(values: T, all: T): Promise<void> {
    checkValues('allGather', values);
    checkParts('allGather', all, values, this.size);
    const { functions, address, constants } = this.#options;
    const type = this.#typeOf(values);
    await this.#run('allGather', [values, all], (request) =>
      functions.allGather(
        address(values),
        values.length,
        type,
        address(all),
        values.length,
        type,
        constants.world,
        request,
      ),
    );
  }

  async allToAll<T extends Values>(values: T, received: T): Promise<void> {
    checkExchange(values, received, this.size);
    const { functions, address, constants } = this.#options;
    const [type, length] = [this.#typeOf(values), values.length / this.size];
    await this.#run('allToAll', [values, received], (request) =>
      functions.allToAll(
        address(values),
        length,
        type,
        address(received),
        length,
        type,
        constants.world,
        request,
      ),
    );
  }

  async allGatherVarying<T extends Values>(values: T): Promise<T[]> {
    checkValues('allGatherVarying', values);
    const lengths = new Int32Array(this.size);
    const gathering = this.allGather(Int32Array.of(values.length), lengths);
    // An operation that began between the two would begin after both on other ranks.
    this.#isGathering = true;
    try {
      await gathering;
      return await this.#gatherLengths(values, lengths);
    } finally {
      this.#isGathering = false;
    }
  }

  /** @param lengths of the values of all ranks */
  async #gatherLengths<T extends Values>(values: T, lengths: Int32Array): Promise<T[]> {
    const starts = lengths.map((_, rank) =>
      lengths.subarray(0, rank).reduce((sum, length) => sum + length, 0),
    );
    const total = starts.at(-1)! + lengths.at(-1)!;
    const all = new (values.constructor as new (length: number) => T)(total);
    const { functions, address, constants } = this.#options;
    const type = this.#typeOf(values);
    await this.#progress.run('allGatherVarying', [values, all, lengths, starts], (request) =>
      functions.allGatherVarying(
        address(values),
        values.length,
        type,
        address(all),
        address(lengths),
        address(starts),
        type,
        constants.world,
        request,
      ),
    );
    return Array.from(starts, (start, rank) => all.subarray(start, start + lengths[rank]!) as T);
  }

  async broadcast(values: Values, root = 0): Promise<void> {
    checkValues('broadcast', values);
    checkRoot(root, this.size);
    const { functions, address, constants } = this.#options;
    await this.#run('broadcast', [values], (request) =>
      functions.broadcast(
        address(values),
        values.length,
        this.#typeOf(values),
        root,
        constants.world,
        request,
      ),
    );
  }

  async barrier(): Promise<void> {
    const { functions, constants } = this.#options;
    await this.#run('barrier', [], (request) => functions.barrier(constants.world, request));
  }

  abort(message: string): void {
    writeSync(
      2,
      `openset: rank ${this.rank} of ${this.size} (${this.hostName}) ends all ranks: ${message}\n`,
    );
    this.#state = 'closed';
    this.#options.functions.abort(this.#options.constants.world, 1);
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    const everybody = this.barrier();
    this.#state = 'closing';
    await everybody;
    this.#finalize();
  }

  #run(name: string, arrays: readonly unknown[], begin: (request: BigInt64Array) => void): Promise<void> {
    checkState(this.#state !== 'open', this.#isGathering);
    return this.#progress.run(name, arrays, begin);
  }

  #typeOf(values: Values): Handle {
    return this.#options.constants.types[values.constructor.name as 'Float32Array'];
  }

  #finalize(): void {
    this.#state = 'closed';
    this.#rollCall.close();
    this.#options.functions.finalize();
  }

  /** Without it, the other ranks would wait for this one. */
  readonly #endWithProcess = (exitCode: number): void => {
    if (this.#state === 'closed') return;
    if (this.#fatalError) this.abort(`its program failed: ${inspect(this.#fatalError.error)}`);
    else if (exitCode !== 0) this.abort(`its process ended with exit code ${exitCode}.`);
    else if (this.#state === 'closing') this.abort('its process ended while it closed.');
    else this.#finalize();
  };

  /** Node prints the error only after the event of the end. */
  readonly #rememberError = (error: unknown): void => {
    this.#fatalError = { error };
  };

  #describeMissing(operation: string, missing: readonly number[]): string {
    const seconds = this.#options.timeout / 1000;
    if (missing.length === 0) {
      return `all ranks waited ${seconds} s in ${operation}. They called different operations, or different numbers of values.`;
    }
    const named = missing.map((rank) => `rank ${rank} (${this.#hosts[rank] ?? 'unknown host'})`).join(', ');
    const needs = missing.length === 1 ? 'It hangs or needs' : 'They hang or need';
    return `${named} did not reach ${operation} within ${seconds} s. ${needs} more time: then set a longer timeout.`;
  }
}
