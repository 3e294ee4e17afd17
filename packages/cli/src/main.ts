#!/usr/bin/env node
import { ConfigError } from '@openset/core';
import { Command, CommanderError, Option } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { type BackendName, backendNames, useBackend } from './backends.ts';
import { addFileCommands } from './command-line/file-commands.ts';
import { addMeasureCommands } from './command-line/measure-commands.ts';
import { addTrain } from './command-line/train-command.ts';
import { addUseCommands } from './command-line/use-commands.ts';
import type { ConformanceKind } from './conformance.ts';
import { exitCodes } from './exit-codes.ts';

const conformanceKinds: readonly ConformanceKind[] = ['losses', 'metrics', 'backbone'];

/** A mistake on the command line is one line, as all others are. */
const oneLine = {
  outputError: (text: string, write: (text: string) => void) =>
    write(text.replace(/^error: /, 'openset: ').replaceAll('\n(', ' (')),
};

interface ConformanceFlags {
  readonly backend: BackendName;
  readonly kind: ConformanceKind;
  readonly threads?: number;
  readonly relaxedSimd?: 'on' | 'off';
}

const program = new Command('openset')
  .description('Open-set recognition: train an embedding with its decision threshold.')
  .version(manifest.version)
  .option('--debug', 'print stack traces')
  .configureOutput(oneLine)
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 the answer is no (different, unknown, a case failed), 2 a problem with the command line, files or ' +
      'data, 3 a mistake in openset, 130 stopped and saved.',
  );

addTrain(program);
addMeasureCommands(program);
addUseCommands(program);
addFileCommands(program);

const conformance = new Command('conformance')
  .description(
    "check a backend, the metrics, or the networks, against reference values of the papers' official code",
  )
  .argument('<files...>', 'fixture files in the format of losses.json, metrics.json or backbone.json')
  .addOption(new Option('--backend <name>', 'backend to check').choices(backendNames).default('wasm'))
  .addOption(new Option('--kind <kind>', 'what the files hold').choices(conformanceKinds).default('losses'))
  .addOption(new Option('--threads <count>', 'threads of the wasm backend').argParser(Number))
  .addOption(new Option('--relaxed-simd <choice>', 'fused multiply-add on wasm').choices(['on', 'off']))
  .configureOutput(oneLine)
  .exitOverride()
  .action(async (files: string[], { backend, kind, threads, relaxedSimd }: ConformanceFlags) => {
    const options = { threads, ...(relaxedSimd && { relaxedSimd: relaxedSimd === 'on' }) };
    if (backend !== 'wasm' && (threads ?? relaxedSimd) !== undefined) {
      throw new ConfigError('--threads and --relaxed-simd go with --backend wasm.');
    }
    // The metrics are plain TypeScript and run on no backend.
    if (kind !== 'metrics') await useBackend(backend, options);
    const { runConformance } = await import('./conformance.ts');
    const { failed } = await runConformance({ files, kind, print: (line) => console.log(line) });
    if (failed > 0) process.exitCode = exitCodes.no;
  });
program.addCommand(conformance);

try {
  await program.parseAsync();
} catch (error) {
  await explain(error);
}

/** Says what was wrong, in a sentence, and sets the exit code. */
async function explain(error: unknown): Promise<void> {
  if (error instanceof CommanderError) {
    // Commander has said it.
    process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.problem;
    return;
  }
  const { problemText } = await import('./problem-text.ts');
  const text = problemText(error);
  process.exitCode = text === null ? exitCodes.bug : exitCodes.problem;
  if (process.argv.includes('--debug')) console.error(error);
  else {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    const lines = (text ?? `a mistake in openset: ${message}; --debug shows where.`).split('\n');
    for (const line of lines) console.error(`openset: ${line}`);
  }
}
