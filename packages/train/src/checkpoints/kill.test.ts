import '@tensorflow/tfjs-backend-cpu';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomNumbers } from '@openset/core';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { bundleProgram } from '../../../../tests/support/bundle-program.ts';
import { killedRunOptions } from '../__fixtures__/killed-run-options.ts';
import { tinyParts, tinyRun } from '../__fixtures__/tiny-run.ts';
import type { StepEvent } from '../training/events.ts';
import { readLatestCheckpoint } from './read-latest-checkpoint.ts';

const steps = 240;
const kills = inject('long') ? 10 : 4;
let program: string;

interface RunProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ signal: NodeJS.Signals | null; exitCode: number | null; output: string }>;
  /** Resolves once the process has printed the text, or has exited. */
  readonly printed: (text: string) => Promise<void>;
}

function startProcess(directory: string, { fatalOperation = 0, everySteps = 2, mode = '' } = {}): RunProcess {
  const parameters = [program, directory, String(fatalOperation), String(steps), String(everySteps), mode];
  const child = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const waiting: (() => void)[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    for (const check of waiting) check();
  });
  const ended = new Promise<Awaited<RunProcess['ended']>>((resolve) => {
    child.on('close', (exitCode, signal) => {
      resolve({ signal, exitCode, output });
      for (const check of waiting) check();
    });
  });
  const printed = (text: string) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (output.includes(text) || child.exitCode !== null || child.signalCode !== null) resolve();
      };
      waiting.push(check);
      check();
    });
  return { child, ended, printed };
}

let reference: Awaited<ReturnType<typeof tinyRun>>;
const directories: string[] = [];
const newDirectory = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'killed-'));
  directories.push(directory);
  return directory;
};

beforeAll(async () => {
  program = await bundleProgram(join(import.meta.dirname, '..', '__fixtures__', 'killed-run.ts'));
  await tf.setBackend('cpu');
  const { backbone, trainer } = killedRunOptions;
  reference = await tinyRun({ ...trainer, steps }, { parts: tinyParts(backbone) });
});
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

/** Lets the run finish, then compares its state, its log and its checkpoints with the uninterrupted run. */
async function finish(directory: string) {
  const { output } = await startProcess(directory, { everySteps: 60 }).ended;
  const state = output.split('\n').find((line) => line.startsWith('state '));
  expect(JSON.parse(state?.slice('state '.length) ?? 'null')).toEqual(reference.state);
  const lines = (await readFile(join(directory, 'log.jsonl'), 'utf8')).trim().split('\n');
  const loggedSteps = lines
    .map((line) => JSON.parse(line))
    .filter(({ kind }) => kind === 'step') as StepEvent[];
  const expected = reference.events.filter((event): event is StepEvent => event.kind === 'step');
  expect(loggedSteps.map(({ step, loss }) => [step, loss])).toEqual(
    expected.map(({ step, loss }) => [step, loss]),
  );
  const names = await readdir(join(directory, 'checkpoints'));
  expect(names.filter((name) => !name.startsWith('step-'))).toEqual([]);
}

describe.concurrent('a killed run', () => {
  it(`resumes to the same bits: killed ${kills} times at random moments`, async () => {
    const directory = await newDirectory();
    const random = randomNumbers(11);
    for (let kill = 0; kill < kills; kill++) {
      const { child, ended, printed } = startProcess(directory);
      // The first process reaches a checkpoint, so that all others resume from one.
      await printed(kill === 0 ? 'step 20\n' : 'start');
      await sleep(200 * random());
      child.kill('SIGKILL');
      const { signal, output } = await ended;
      expect(signal).toBe('SIGKILL');
      expect(output.includes('start 0\n')).toBe(kill === 0);
    }
    await finish(directory);
  });

  it(`resumes to the same bits: killed ${kills} times while writing and removing files`, async () => {
    const directory = await newDirectory();
    const random = randomNumbers(12);
    for (let kill = 0; kill < kills; kill++) {
      // About the first twenty operations create the directory, rehearse a save, and save the first checkpoint.
      const { ended } = startProcess(directory, { fatalOperation: 1 + Math.floor(50 * random()) });
      expect((await ended).signal).toBe('SIGKILL');
      const found = await readLatestCheckpoint(join(directory, 'checkpoints'));
      expect(found?.skipped ?? []).toEqual([]);
    }
    await finish(directory);
  });

  it('saves and stops at a doubled Ctrl-C, and resumes', async () => {
    const directory = await newDirectory();
    const { child, ended, printed } = startProcess(directory, { everySteps: 1000 });
    await printed('step 20\n');
    // Once from the terminal, once forwarded by npm.
    child.kill('SIGINT');
    child.kill('SIGINT');
    const { exitCode, output } = await ended;
    expect(exitCode).toBe(0);
    const [, stopped] = /stopped (\d+)/.exec(output) ?? [];
    const found = await readLatestCheckpoint(join(directory, 'checkpoints'));
    expect(found?.checkpoint.info.progress.step).toBe(Number(stopped));
    await finish(directory);
  });

  it('exits immediately at the second Ctrl-C', async () => {
    const { child, ended, printed } = startProcess(await newDirectory(), { mode: 'busy', everySteps: 1000 });
    await printed('step 20\n');
    child.kill('SIGTERM');
    await printed('asked to stop\n');
    await sleep(1300);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ exitCode: 130, signal: null });
  });
});
