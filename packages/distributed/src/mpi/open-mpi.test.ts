import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ConfigError } from '@openset/core';
import { communicatorCases } from '@openset/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundleProgram } from '../../../../tests/support/bundle-program.ts';
import { openMpi } from './open-mpi.ts';

let program: string;
beforeAll(async () => {
  program = await bundleProgram(join(import.meta.dirname, '__fixtures__', 'rank.ts'));
});

const hasLauncher = spawnSync('mpirun', ['--version']).status === 0;
if (!hasLauncher) console.warn('No mpirun found: nothing is tested under MPI. Install Open MPI or MPICH.');

interface Ended {
  readonly exitCode: number;
  readonly output: string;
}

/** Runs a program, and returns what it printed on both streams. */
function run(command: string, parameters: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return new Promise<Ended>((resolve) => {
    const env = {
      ...process.env,
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
      ...environment,
    };
    execFile(command, parameters, { env }, (error, stdout, stderr) =>
      resolve({ exitCode: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    );
  });
}

/** Runs an action of `rank.ts` on so many ranks. */
const runRanks = (size: number, ...parameters: string[]) => {
  // MPICH takes more ranks than processors without an option.
  const options = isOpenMpi ? ['--oversubscribe'] : [];
  return run('mpirun', [...options, '-n', `${size}`, process.execPath, program, ...parameters]);
};
const isOpenMpi = spawnSync('mpirun', ['--version']).stdout?.toString().includes('Open MPI') ?? false;

describe('openMpi', () => {
  it('says what to install if there is no MPI library', async () => {
    const opening = openMpi({ library: 'libmissing.so' });
    await expect(opening).rejects.toBeInstanceOf(ConfigError);
    await expect(opening).rejects.toThrow(
      /no MPI library 'libmissing\.so': install Open MPI 4 or 5, or MPICH/,
    );
  });

  it('refuses a library that is not MPI', async () => {
    const opening = openMpi({ library: process.platform === 'darwin' ? 'libSystem.dylib' : 'libm.so.6' });
    await expect(opening).rejects.toBeInstanceOf(ConfigError);
    await expect(opening).rejects.toThrow(/is no MPI library/);
  });

  it.each([0, -1, Number.NaN])('refuses a timeout of %s s', async (timeout) => {
    await expect(openMpi({ timeout })).rejects.toBeInstanceOf(ConfigError);
  });
});

describe.runIf(hasLauncher)('under mpirun', () => {
  it.each([2, 4])('%i ranks run all programs of the conformance suite', async (size) => {
    const { exitCode, output } = await runRanks(size, 'cases');
    expect(output.split('\n').filter((line) => line.startsWith('passed: '))).toEqual(
      communicatorCases.map(({ name }) => `passed: ${name}`),
    );
    expect(exitCode, output).toBe(0);
  });

  it('names a fact that differs, turns the event loop, sums gradients, and closes with the process', async () => {
    const { exitCode, output } = await runRanks(2, 'more');
    expect(output).toMatch(
      /The ranks differ in @openset\/core: '1\.0\.0' on rank 0 \(.+\), but '2\.0\.0' on rank 1 \(.+\)\. All ranks must/,
    );
    expect(output).toContain('The event loop turned.');
    expect(output).toContain('Sums of gradients: 21,1201,1001,6001.');
    expect(exitCode, output).toBe(0);
  });

  it('names the rank that hangs, and ends all', async () => {
    const { exitCode, output } = await runRanks(3, 'hang', '2');
    expect(output.match(/openset: .*/g)).toEqual([
      expect.stringMatching(
        /^openset: rank 0 of 3 \(.+\) ends all ranks: rank 2 \(.+\) did not reach barrier \(call \d+\) within 2 s\. It hangs or needs more time: /,
      ),
    ]);
    expect(exitCode).not.toBe(0);
  });

  it('says that all ranks wait for different operations', async () => {
    const { exitCode, output } = await runRanks(2, 'differ', '2');
    expect(output).toMatch(
      /openset: rank 0 of 2 \(.+\) ends all ranks: all ranks waited 2 s in broadcast \(call \d+\)\. They called different /,
    );
    expect(exitCode).not.toBe(0);
  });

  it('ends all ranks when one throws, and names it', async () => {
    const { exitCode, output } = await runRanks(2, 'throw');
    expect(output).toMatch(
      /openset: rank 1 of 2 \(.+\) ends all ranks: its program failed: Error: the disk is full\n +at /,
    );
    expect(exitCode).not.toBe(0);
  });

  it('ends all ranks when one is killed', async () => {
    const { exitCode, output } = await runRanks(2, 'die');
    expect(output).toMatch(/signal 9|KILLED BY SIGNAL: 9/i);
    expect(exitCode).not.toBe(0);
  });

  it('is the only rank without a launcher', async () => {
    const { exitCode, output } = await run(process.execPath, [program, 'cases']);
    expect(output.match(/passed: /g)).toHaveLength(communicatorCases.length);
    expect(exitCode, output).toBe(0);
  });

  it('refuses the launcher of another MPI library', async () => {
    const environment = isOpenMpi ? { PMI_SIZE: '4' } : { OMPI_COMM_WORLD_SIZE: '4' };
    const { exitCode, output } = await run(process.execPath, [program, 'cases'], environment);
    expect(output).toMatch(
      /ConfigError: The launcher started 4 ranks \(\w+\), but the MPI library, '.+', knows only this one\. .* use the mpirun/,
    );
    expect(exitCode).toBe(1);
  });
});
