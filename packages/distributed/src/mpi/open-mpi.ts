import { ConfigError, checkNumber } from '@openset/core';
import type { Communicator } from '../communicator.ts';
import { readLaunch } from './launched-ranks.ts';
import { MpiCommunicator } from './mpi-communicator.ts';
import { bindFunctions } from './mpi-functions.ts';
import { type Koffi, loadMpi } from './mpi-library.ts';

/** How `openMpi` opens MPI. */
export interface MpiOptions {
  /**
   * Path or name of the MPI library. Default: that of the variable `OPENSET_MPI_LIBRARY`, else Open MPI or MPICH, by the launcher that started
   * this process.
   */
  readonly library?: string | undefined;
  /** Seconds that an operation may wait for other ranks, at least 0.1; default 120. After that, all ranks end. */
  readonly timeout?: number | undefined;
}

/** `MPI_THREAD_FUNNELED`: only the thread of the caller calls MPI. */
const funneled = 1;

/**
 * Joins the ranks that a launcher such as `mpirun` or `srun` started; without a launcher, it is the only rank. Needs Open MPI 4 or 5, or
 * MPICH, and the npm package `koffi`. A rank whose process ends with an exit code other than 0 ends all ranks.
 * @throws ConfigError if a library is missing, MPI was opened before, or the launcher belongs to another MPI library
 *
 * @example
 * ```ts no-run
 * import { openMpi } from '@openset/distributed/node';
 *
 * const communicator = await openMpi(); // mpirun -n 4 node train.js
 * const gradients = Float32Array.of(communicator.rank, 1);
 * await communicator.allReduce(gradients); // [6, 4] on every rank
 * await communicator.close();
 * ```
 */
export async function openMpi({ library, timeout = 120 }: MpiOptions = {}): Promise<Communicator> {
  checkNumber('openMpi: timeout', timeout, { minimum: 0.1 });
  const koffi = await loadKoffi();
  const mpi = loadMpi(koffi, library ?? null, process.env);
  const { constants } = mpi;
  const functions = bindFunctions(mpi.library, constants);
  const [value, handle] = [new Int32Array(1), new BigInt64Array(1)];
  functions.isInitialized(value);
  if (value[0] !== 0) throw new ConfigError('openMpi was called before: a process has one communicator.');
  functions.initThread(null, null, funneled, value);
  functions.setErrorHandler(constants.world, constants.errorsReturn);
  const read = (get: typeof functions.rank) => {
    get(constants.world, value);
    return value[0]!;
  };
  const [rank, size] = [read(functions.rank), read(functions.size)];
  requireLauncherOf(mpi.version, size);
  const duplicate = () => {
    functions.duplicate(constants.world, handle);
    return constants.handleType === 'int' ? Number(BigInt.asIntN(32, handle[0]!)) : handle[0]!;
  };
  const communicator = new MpiCommunicator({
    functions,
    constants,
    rank,
    size,
    channel: duplicate(),
    blocking: duplicate(),
    address: koffi.address,
    timeout: 1000 * timeout,
  });
  await communicator.learnHosts();
  return communicator;
}

async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import('koffi')).default;
  } catch (error) {
    throw new ConfigError(
      'openMpi needs the package koffi, which calls the MPI library: npm install koffi.',
      {
        cause: error,
      },
    );
  }
}

/** @throws ConfigError if a launcher started several ranks, of which this library does not know */
function requireLauncherOf(version: string, size: number): void {
  const launch = readLaunch(process.env);
  if (size > 1 || launch === null || launch.size < 2) return;
  throw new ConfigError(
    `The launcher started ${launch.size} ranks (${launch.variable}), but the MPI library, '${version}', knows only this one. The launcher ` +
      'belongs to another MPI: use the mpirun of this library, or set `library` or OPENSET_MPI_LIBRARY to the path of the other.',
  );
}
