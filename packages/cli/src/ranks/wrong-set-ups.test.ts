import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSameOnAllRanks, dataParallel, inProcess } from '@openset/distributed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../../../tests/support/run-command.ts';
import { rootFolder } from '../../../../tests/support/workspace.ts';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { type TrainOptions, train } from '../commands/train.ts';
import { silentOutput } from '../output.ts';
import { problemText } from '../problem-text.ts';
import type { RunRanks } from './run-ranks.ts';

let folder: string;
const at = (...path: string[]) => join(folder, ...path);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openset-set-ups-'));
  await writePeople(at('faces'), { people: 8, images: 5 });
  await writeFile(at('a.json'), JSON.stringify({ batchSize: 8, heldOut: 3 }));
  await writeFile(at('tiny.json'), JSON.stringify({ batchSize: 3, heldOut: 3 }));
  await writeFile(at('file'), 'not a folder');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Returns what the ranks of `openset train` say, by rank, when it fails on all of them. */
async function problemsOf(options: (rank: number) => Partial<TrainOptions>): Promise<(string | null)[]> {
  const ends = await Promise.allSettled(
    inProcess(2).map(async (communicator) => {
      const ranks: RunRanks = {
        ...dataParallel(communicator),
        ...{ hosts: ['here', 'here'], localCount: 2 },
        withGradientWire: () => ranks,
        checkSame: (facts) => checkSameOnAllRanks(communicator, facts),
      };
      const common = { data: at('faces'), config: at('a.json'), out: at('run'), backend: 'cpu', steps: 2 };
      try {
        await train({ ...common, ...options(communicator.rank), ranks } as TrainOptions, silentOutput());
      } catch (error) {
        // As the command does.
        communicator.abort(problemText(error) ?? String(error));
        throw error;
      }
    }),
  );
  return ends.map((end) => (end.status === 'rejected' ? problemText(end.reason) : 'no problem'));
}

describe('openset train on two ranks', () => {
  const place = '0 (in-process), but';
  const advice = 'All ranks must run the same program with the same options and data.';
  it.each([
    ['options', { steps: 3 }, `the option --steps: '2' on rank ${place} '3' on rank 1 (in-process)`],
    [
      'commands',
      { resume: true },
      `the option --resume: missing on rank ${place} 'true' on rank 1 (in-process)`,
    ],
    ['folders', { heldOut: 2 }, `the option --held-out: missing on rank ${place} '2' on rank 1 (in-process)`],
  ])('names %s that differ', async (_, other, difference) => {
    const problems = await problemsOf((rank) => (rank === 1 ? other : {}));
    const expected = `The ranks differ in ${difference}. ${advice}`;
    expect(problems).toEqual([expected, expected]);
  });

  it('says how many images a batch needs', async () => {
    const problem = expect.stringMatching(
      /^batchSize is 3, but 2 ranks share each batch and need at least 2 images each\. Raise it to 4 or more, or start fewer ranks\.$/,
    );
    expect(await problemsOf(() => ({ config: at('tiny.json') }))).toEqual([problem, problem]);
  });

  it('says that ranks of one thread cannot synchronise batch norms, which need one image each', async () => {
    const blocked = expect.stringMatching(
      /^Trainer: syncBatchNorm needs ranks that block until all others have called, as those of openMpi do\. .* or remove syncBatchNorm\.$/,
    );
    expect(await problemsOf(() => ({ config: at('tiny.json'), syncBatchNorm: true }))).toEqual([
      blocked,
      blocked,
    ]);
  });

  it('says that rank 0 cannot write', async () => {
    const problems = await problemsOf(() => ({ out: at('file', 'run') }));
    expect(problems).toEqual([
      expect.stringMatching(/file.*not a (folder|directory)/),
      expect.stringMatching(/^Rank 0 failed: .*file.*not a (folder|directory)/),
    ]);
  });
});

describe('openset train in a process of a launcher', () => {
  const program = join(import.meta.dirname, '..', 'main.ts');
  const run = (environment: Readonly<Record<string, string>>) =>
    runCommand(process.execPath, ['--conditions=@openset/source', '--import', 'tsx', program, 'train'], {
      folder: rootFolder,
      environment,
    });

  it('says what to install if there is no MPI library', async () => {
    const { exitCode, output } = await run({
      OMPI_COMM_WORLD_SIZE: '2',
      OPENSET_MPI_LIBRARY: 'libmissing.so',
    });
    expect(output).toMatch(
      /^openset: There is no MPI library 'libmissing\.so': install Open MPI 4 or 5, or MPICH \(.+\), or set `library` or the variable OPENSET_MPI_LIBRARY/m,
    );
    expect(exitCode).toBe(2);
  });

  it('says that tasks of Slurm without MPI train alone', async () => {
    const { exitCode, output } = await run({ SLURM_STEP_NUM_TASKS: '8', SLURM_PROCID: '3' });
    expect(output).toMatch(
      /^Slurm started 8 tasks without MPI, so this process trains alone\. To train together, start them with srun --mpi=pmix/m,
    );
    expect(output).toMatch(/^openset: There is nothing to train on/m);
    expect(exitCode).toBe(2);
  });
});
