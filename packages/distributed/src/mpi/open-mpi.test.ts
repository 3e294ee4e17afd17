import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@openset/core';
import { communicatorCases } from '@openset/testkit';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { bundleProgram } from '../../../../tests/support/bundle-program.ts';
import { findLauncher, startRanks } from '../../../../tests/support/launcher.ts';
import { runCommand } from '../../../../tests/support/run-command.ts';
import { openMpi } from './open-mpi.ts';

let program: string;
beforeAll(async () => {
  program = await bundleProgram(join(import.meta.dirname, '__fixtures__', 'rank.ts'));
});

const launcher = findLauncher('nothing is');

/** Runs an action of `rank.ts` on so many ranks. */
const runRanks = (size: number, ...parameters: string[]) =>
  startRanks(launcher!, size, [program, ...parameters]).ended;
/** Runs a program without a launcher. */
const runAlone = (environment: Readonly<Record<string, string>> = {}) =>
  runCommand(process.execPath, [program, 'cases'], { folder: tmpdir(), environment });

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

describe.runIf(launcher)('under mpirun', () => {
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
    expect(output).toContain('Sums at once: 3,1, beside 2; largest: 1.');
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

  it.runIf(inject('long'))('names the rank that hangs while others block', async () => {
    const { exitCode, output } = await runRanks(3, 'hang-now', '1');
    expect(output.match(/openset: .*/g)).toEqual([
      expect.stringMatching(
        /^openset: rank 0 of 3 \(.+\) ends all ranks: rank 2 \(.+\) did not reach allReduceNow within 1 s\. It hangs or needs more time: /,
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
    // The launcher says it. That of MPICH does not know the rank.
    expect(output).toMatch(
      launcher!.isOpenMpi
        ? /process rank 1 with PID \d+ on node \S+ exited on\s+signal 9/
        : /PID \d+ RUNNING AT \S+[\s\S]*signal 9/i,
    );
    expect(exitCode).not.toBe(0);
  });

  it('is the only rank without a launcher', async () => {
    const { exitCode, output } = await runAlone();
    expect(output.match(/passed: /g)).toHaveLength(communicatorCases.length);
    expect(exitCode, output).toBe(0);
  });

  it('refuses the launcher of another MPI library', async () => {
    const { exitCode, output } = await runAlone(
      launcher!.isOpenMpi ? { PMI_SIZE: '4' } : { OMPI_COMM_WORLD_SIZE: '4' },
    );
    expect(output).toMatch(
      /ConfigError: The launcher started 4 ranks \(\w+\), but the MPI library, '.+', knows only this one\. .* use the mpirun/,
    );
    expect(exitCode).toBe(1);
  });
});
