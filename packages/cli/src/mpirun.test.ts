import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomNumbers } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bundleProgram } from '../../../tests/support/bundle-program.ts';
import { findLauncher, startRanks } from '../../../tests/support/launcher.ts';
import {
  type ParallelOptions,
  type ParallelResult,
  parallelSizes,
  relativeDifference,
  resultFile,
  synchronized,
  trainParallel,
} from './__fixtures__/parallel-run.ts';
import { writePeople } from './__fixtures__/people-folder.ts';
import { makeRegisteredLoss } from './__fixtures__/registered-loss.ts';
import { losses } from './losses.ts';

const launcher = findLauncher('training is');
const mainFile = join(import.meta.dirname, 'main.ts');
const fromSources = ['--conditions=@openset/source', '--import', 'tsx'];
/** Path of the bundle of `parallel-rank.ts`. */
let program: string;
let folder: string;
const at = (...path: string[]) => join(folder, ...path);

/** Starts the command on several ranks. */
const start = (size: number, ...parameters: string[]) =>
  startRanks(launcher!, size, [...fromSources, mainFile, ...parameters]);
const run = (size: number, ...parameters: string[]) => start(size, ...parameters).ended;

async function trainAlone(name: string, options?: ParallelOptions): Promise<ParallelResult> {
  const loss = makeRegisteredLoss(name, parallelSizes);
  try {
    return await trainParallel(loss, null, options);
  } finally {
    loss.dispose();
  }
}

/** Returns what a rank has left in a folder. */
async function readResult(results: string, name: string, rank: number): Promise<ParallelResult> {
  return { events: [], ...JSON.parse(await readFile(join(results, resultFile(name, rank)), 'utf8')) };
}

function expectSame(name: string, alone: ParallelResult, result: ParallelResult): void {
  expect(relativeDifference(alone, result, 'backbone'), name).toBeLessThan(1e-5);
  expect(relativeDifference(alone, result, 'loss'), name).toBeLessThan(1e-5);
  if (alone.threshold === null) expect(result.threshold, name).toBeNull();
  else expect(Math.abs(result.threshold! - alone.threshold), name).toBeLessThan(1e-6);
}

/** Resolves when a condition holds. */
async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.runIf(launcher)('training under mpirun', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
    folder = await mkdtemp(join(tmpdir(), 'openset-mpirun-'));
    await writePeople(at('faces'), { people: 8, images: 5 });
    program = await bundleProgram(join(import.meta.dirname, '__fixtures__', 'parallel-rank.ts'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const tested = inject('long')
    ? losses.map(({ name }) => name)
    : ['UniTSFaceLoss', 'EplLoss', 'AdaFaceLoss', 'CombinedLoss'];
  const cases = (inject('long') ? [2, 4] : [2]).flatMap((size) => [
    { size, kind: 'whole', names: tested },
    { size, kind: 'sharded', names: inject('long') ? tested : ['EplLoss'] },
  ]);
  it.each(cases)(
    '$size ranks equal one process, after 20 steps, each with the $kind loss: $names',
    async ({ size, kind, names }) => {
      const results = await mkdtemp(at('results-'));
      const { exitCode, output } = await startRanks(launcher!, size, [
        program,
        names.join(','),
        results,
        kind,
      ]).ended;
      expect(exitCode, output).toBe(0);
      for (const name of names) {
        const first = await readResult(results, name, 0);
        expectSame(name, await trainAlone(name), first);
        for (let rank = 1; rank < size; rank++)
          expect(await readResult(results, name, rank), name).toEqual(first);
      }
    },
  );

  it.each(inject('long') ? [2, 3, 4] : [3])(
    '%i ranks with synchronised batch norms equal one process, also where a rank has one image or none',
    async (size) => {
      const results = await mkdtemp(at('results-'));
      const parameters = [program, 'CosFaceLoss', results, 'synchronized'];
      const { exitCode, output } = await startRanks(launcher!, size, parameters).ended;
      expect(exitCode, output).toBe(0);
      const first = await readResult(results, 'CosFaceLoss', 0);
      const alone = await trainAlone('CosFaceLoss', synchronized);
      expect(Object.keys(alone.numbers)).toContain('backbone.bn1.running_var');
      expect(relativeDifference(alone, first, 'backbone', 0.1)).toBeLessThan(1e-5);
      expect(relativeDifference(alone, first, 'loss')).toBeLessThan(1e-5);
      for (let rank = 1; rank < size; rank++)
        expect(await readResult(results, 'CosFaceLoss', rank)).toEqual(first);
    },
  );

  it.each(inject('long') ? ['whole', 'sharded'] : ['whole'])(
    'ends all ranks when one is killed, and resumes with other numbers of ranks: %s loss',
    async (kind) => {
      const alone = await trainAlone('EplLoss');
      const random = randomNumbers(inject('long') ? Date.now() : 7);
      const kills = inject('long') ? 10 : 1;
      const checkpoints = at(`killed-${kind}`);
      const parameters = [program, 'EplLoss', folder, kind, checkpoints];
      const sizes = [2, 3, 4];
      const sizeOf = (kill: number) => sizes[kill % sizes.length]!;
      for (let kill = 0; kill < kills; ) {
        const before = await newestCheckpoint(checkpoints);
        const { child, ended, output } = startRanks(launcher!, sizeOf(kill), parameters);
        const pids = () => [...output().matchAll(/^started (\d+)\n/gm)].map(([, pid]) => Number(pid));
        await waitFor(() => pids().length === sizeOf(kill) || child.exitCode !== null);
        // Before or after its first steps.
        await new Promise((resolve) => setTimeout(resolve, 300 * random()));
        trySignal(pids()[Math.floor(sizeOf(kill) * random())]!, 'SIGKILL');
        const killedAt = performance.now();
        const { exitCode } = await ended;
        await waitFor(() => !pids().some(isRunning));
        if (exitCode === 0) {
          // It had ended before.
          await rm(checkpoints, { recursive: true });
          continue;
        }
        expect(output()).toMatch(/signal 9/i);
        // Other tests may take the processors of a short run.
        if (inject('long')) expect(performance.now() - killedAt).toBeLessThan(10_000);
        if (before) expect((await newestCheckpoint(checkpoints))! >= before).toBe(true);
        kill++;
      }
      const { exitCode, output } = await startRanks(launcher!, sizeOf(kills), parameters).ended;
      expect(exitCode, output).toBe(0);
      expectSame('EplLoss', alone, await readResult(folder, 'EplLoss', 0));
    },
  );

  it('openset train trains, stops, and resumes to the same bits, with one output', async () => {
    const settings = {
      network: { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 },
      ...{
        batchSize: 8,
        backend: 'cpu',
        heldOut: 3,
        evaluateEvery: { steps: 4 },
        steps: 8,
        loss: { loss: 'UssLoss' },
      },
    };
    await writeFile(at('small.json'), JSON.stringify(settings));
    const train = ['train', '--data', at('faces'), '--config', at('small.json')];
    const whole = await run(2, ...train, '--out', at('whole'));
    expect(whole.exitCode, whole.output).toBe(0);
    expect(whole.output.match(/^finished after step 8$/gm)).toHaveLength(1);
    expect(whole.output.match(/^model /gm)).toHaveLength(1);
    const report = await readFile(at('whole', 'report.html'), 'utf8');
    expect(report).toMatch(
      /2 ranks trained together\. Gradients travelled while .* for \d+ % of the time \(mean of 3 steps\)/,
    );
    expect(report).toContain('rank 1: gradients');

    const stopped = start(2, ...train, '--out', at('parts'));
    await waitFor(() => /saved .*step-0*4/.test(stopped.output()) || stopped.child.exitCode !== null);
    stopped.child.kill('SIGTERM');
    await stopped.ended;
    const resumed = await run(2, 'train', '--resume', '--out', at('parts'));
    expect(resumed.exitCode, resumed.output).toBe(0);
    expect(await readFile(at('parts', 'model.safetensors'))).toEqual(
      await readFile(at('whole', 'model.safetensors')),
    );
  });

  it.runIf(inject('long'))('openset train synchronises batch norms, and records it', async () => {
    await writeFile(at('pair.json'), JSON.stringify({ batchSize: 2, heldOut: 3, seed: 1 }));
    const train = ['train', '--data', at('faces'), '--config', at('pair.json'), '--out', at('synchronised')];
    const { exitCode, output } = await run(
      2,
      ...train,
      ...['--backend', 'cpu', '--steps', '2'],
      '--sync-batch-norm',
    );
    expect(exitCode, output).toBe(0);
    const config = JSON.parse(await readFile(at('synchronised', 'config.json'), 'utf8'));
    expect(config).toMatchObject({ syncBatchNorm: true, batchSize: 2 });
    const resumed = await run(2, 'train', '--resume', '--no-sync-batch-norm', '--out', at('synchronised'));
    expect(resumed.output).toContain(
      'batchSize is 2, but 2 ranks share each batch and need at least 2 images',
    );
  });

  it('openset train explains a batch that is too small, once, and ends all ranks', async () => {
    await writeFile(at('tiny.json'), JSON.stringify({ batchSize: 3, heldOut: 3 }));
    const { exitCode, output } = await run(
      2,
      ...['train', '--data', at('faces'), '--out', at('small'), '--backend', 'cpu', '--steps', '2'],
      ...['--config', at('tiny.json')],
    );
    expect(exitCode).not.toBe(0);
    expect(output.match(/^openset: .*/gm)).toEqual([
      expect.stringMatching(
        /^openset: rank 0 of 2 \(.+\) ends all ranks: batchSize is 3, but 2 ranks share each batch and need at least 2/,
      ),
    ]);
  });
});

/** Sends a signal to a process. Returns whether it exists. */
function trySignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Returns the name of the newest checkpoint in a folder, if there is one. */
async function newestCheckpoint(path: string): Promise<string | undefined> {
  const names: string[] = await readdir(path).catch(() => []);
  return names
    .filter((name) => name.startsWith('step-'))
    .sort()
    .at(-1);
}

/** Returns whether a process runs. One that has ended exists until its parent asks for it. */
function isRunning(pid: number): boolean {
  if (!trySignal(pid, 0)) return false;
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return existsSync('/proc') ? false : trySignal(pid, 0);
  }
}
