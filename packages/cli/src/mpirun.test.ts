import '@tensorflow/tfjs-backend-cpu';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomNumbers } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  type ParallelResult,
  parallelSizes,
  relativeDifference,
  trainParallel,
} from './__fixtures__/parallel-run.ts';
import { writePeople } from './__fixtures__/people-folder.ts';
import { makeRegisteredLoss } from './__fixtures__/registered-loss.ts';

const version = spawnSync('mpirun', ['--version']);
const hasLauncher = version.status === 0;
const isOpenMpi = version.stdout?.toString().includes('Open MPI') ?? false;
if (!hasLauncher)
  console.warn('No mpirun found: training is not tested under MPI. Install Open MPI or MPICH.');

const rankFile = join(import.meta.dirname, '__fixtures__', 'parallel-rank.ts');
const mainFile = join(import.meta.dirname, 'main.ts');
let folder: string;
const at = (...path: string[]) => join(folder, ...path);

/** Starts a program on several ranks. */
function start(size: number, program: string, ...parameters: string[]) {
  const launcher = [...(isOpenMpi ? ['--oversubscribe'] : []), '-n', `${size}`];
  const node = [process.execPath, '--conditions=@openset/source', '--import', 'tsx'];
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
  const child = spawn('mpirun', [...launcher, ...node, program, ...parameters], { env });
  let output = '';
  const collect = (text: Buffer) => {
    output += text.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = new Promise<{ exitCode: number | null; output: string }>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, output }));
  });
  return { child: child as ChildProcess, ended, output: () => output };
}

const run = (size: number, program: string, ...parameters: string[]) =>
  start(size, program, ...parameters).ended;

async function trainAlone(name: string): Promise<ParallelResult> {
  const loss = makeRegisteredLoss(name, parallelSizes);
  try {
    return await trainParallel(loss, null);
  } finally {
    loss.dispose();
  }
}

const resultOf = (output: string) =>
  JSON.parse(/^result (.*)$/m.exec(output)?.[1] ?? 'null') as ParallelResult;

function expectSame(alone: ParallelResult, result: ParallelResult): void {
  expect(relativeDifference(alone, result, 'backbone')).toBeLessThan(1e-5);
  expect(relativeDifference(alone, result, 'loss')).toBeLessThan(1e-5);
  if (alone.threshold !== null) expect(Math.abs(result.threshold! - alone.threshold)).toBeLessThan(1e-6);
}

/** Resolves when a condition holds. */
async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe.runIf(hasLauncher)('training under mpirun', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
    folder = await mkdtemp(join(tmpdir(), 'openset-mpirun-'));
    await writePeople(at('faces'), { people: 8, images: 5 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(inject('long') ? ['UssLoss', 'EplLoss', 'BceUnifiedLoss', 'AdaFaceLoss'] : ['UniTSFaceLoss'])(
    'equals one process: %s',
    async (name) => {
      const alone = await trainAlone(name);
      for (const size of inject('long') ? [2, 4] : [2]) {
        const { exitCode, output } = await run(size, rankFile, name);
        expect(exitCode, output).toBe(0);
        expectSame(alone, resultOf(output));
      }
    },
  );

  it('ends all ranks when one is killed, and resumes with other numbers of ranks', async () => {
    const alone = await trainAlone('EplLoss');
    const random = randomNumbers(inject('long') ? Date.now() : 7);
    const kills = inject('long') ? 10 : 1;
    const checkpoints = at('killed');
    const sizes = [2, 3, 4];
    for (let kill = 0; kill < kills; kill++) {
      const size = sizes[kill % sizes.length]!;
      const before = await newestCheckpoint(checkpoints);
      const { child, ended, output } = start(size, rankFile, 'EplLoss', checkpoints);
      const pids = () => [...output().matchAll(/started (\d+)/g)].map(([, pid]) => Number(pid));
      await waitFor(() => pids().length === size || child.exitCode !== null);
      // Before or after its first steps.
      await new Promise((resolve) => setTimeout(resolve, 300 * random()));
      const victim = pids()[Math.floor(size * random())]!;
      const isKilled = trySignal(victim, 'SIGKILL');
      const killedAt = performance.now();
      const { exitCode } = await ended;
      await waitFor(() => !pids().some(isRunning));
      if (!isKilled) continue;
      expect(exitCode).not.toBe(0);
      // Other tests may take the processors of a short run.
      if (inject('long')) expect(performance.now() - killedAt).toBeLessThan(10_000);
      if (before) expect((await newestCheckpoint(checkpoints))! >= before).toBe(true);
    }
    const { exitCode, output } = await run(sizes[kills % sizes.length]!, rankFile, 'EplLoss', checkpoints);
    expect(exitCode, output).toBe(0);
    expectSame(alone, resultOf(output));
  });

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
    const whole = await run(2, mainFile, ...train, '--out', at('whole'));
    expect(whole.exitCode, whole.output).toBe(0);
    expect(whole.output.match(/^finished after step 8$/gm)).toHaveLength(1);
    expect(whole.output.match(/^model /gm)).toHaveLength(1);

    const stopped = start(2, mainFile, ...train, '--out', at('parts'));
    await waitFor(() => /saved .*step-0*4/.test(stopped.output()) || stopped.child.exitCode !== null);
    stopped.child.kill('SIGTERM');
    await stopped.ended;
    const resumed = await run(2, mainFile, 'train', '--resume', '--out', at('parts'));
    expect(resumed.exitCode, resumed.output).toBe(0);
    expect(await readFile(at('parts', 'model.safetensors'))).toEqual(
      await readFile(at('whole', 'model.safetensors')),
    );
  });

  it('openset train explains a batch that is too small, once, and ends all ranks', async () => {
    await writeFile(at('tiny.json'), JSON.stringify({ batchSize: 3, heldOut: 3 }));
    const { exitCode, output } = await run(
      2,
      mainFile,
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
