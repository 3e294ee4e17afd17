import { OpenSetError } from '@openset/core';
import {
  type Communicator,
  checkSameOnAllRanks,
  dataParallel,
  type GradientWire,
} from '@openset/distributed';
import { launchedRanks, openMpi, tasksWithoutMpi } from '@openset/distributed/node';
import { OtherRankError } from '@openset/train';
import { problemText } from '../problem-text.ts';
import type { RunRanks } from './run-ranks.ts';

/** The ranks that a launcher started, and what ends them. */
export interface OpenRanks {
  readonly ranks: RunRanks;
  /** Waits until all ranks have done their work, and frees what they hold. */
  close(): Promise<void>;
  /** Ends all ranks with one message that names this rank, its machine and the error. Does not return under MPI. */
  fail(error: unknown): Promise<void>;
}

/** Seconds that others have to report an error first: rank 0 one of all ranks, and another rank its own. */
const secondsToSpeak = { commonError: 3, errorOfOther: 6 };

/**
 * Opens the ranks that `mpirun` or another launcher started.
 * @param timeout seconds that a rank may wait for others
 * @param note writes a line about a set-up that is probably wrong
 * @returns null without a launcher, and for one rank
 * @throws ConfigError if MPI cannot be opened
 */
export async function openRanks(
  timeout: number | undefined,
  note: (line: string) => void,
): Promise<OpenRanks | null> {
  if (launchedRanks(process.env) < 2) {
    const tasks = tasksWithoutMpi(process.env);
    if (tasks > 1) note(aloneText(tasks));
    return null;
  }
  const communicator = await openMpi({ timeout });
  const names = await communicator.allGatherVarying(new TextEncoder().encode(communicator.hostName));
  const hosts = names.map((name) => new TextDecoder().decode(name));
  const makeRanks = (wire: GradientWire): RunRanks => ({
    ...dataParallel(communicator, { wire }),
    hosts,
    localCount: hosts.filter((host) => host === communicator.hostName).length,
    withGradientWire: makeRanks,
    checkSame: (facts) => checkSameOnAllRanks(communicator, facts),
  });
  return {
    ranks: makeRanks('float32'),
    close: () => communicator.close(),
    fail: (error) => failRanks(communicator, error),
  };
}

const aloneText = (tasks: number) =>
  `Slurm started ${tasks} tasks without MPI, so this process trains alone. To train together, start them with srun --mpi=pmix for Open MPI, ` +
  'srun --mpi=pmi2 for MPICH, or mpirun.';

async function failRanks(communicator: Communicator, error: unknown): Promise<void> {
  const { commonError, errorOfOther } = secondsToSpeak;
  const seconds = error instanceof OtherRankError ? errorOfOther : communicator.rank > 0 ? commonError : 0;
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const isKnown = error instanceof OpenSetError;
  const text =
    problemText(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
  communicator.abort(isKnown ? text : `its program failed: ${text}`);
}
