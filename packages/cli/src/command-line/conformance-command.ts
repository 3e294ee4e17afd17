import { ConfigError } from '@openset/core';
import { type Command, Option } from 'commander';
import { type BackendName, backendNames, useBackend } from '../backends.ts';
import type { ConformanceKind } from '../conformance.ts';
import { exitCodes } from '../exit-codes.ts';
import { addCommand, type CommonOptions } from './command-builder.ts';

const kinds: readonly ConformanceKind[] = ['losses', 'metrics', 'backbone'];

interface ConformanceFlags extends CommonOptions {
  readonly backend: BackendName;
  readonly kind: ConformanceKind;
  readonly threads?: number;
  readonly relaxedSimd?: 'on' | 'off';
}

/** Adds `conformance`. */
export function addConformance(program: Command): void {
  addCommand(program, {
    name: 'conformance',
    description:
      "check a backend, the metrics, or the networks, against reference values of the papers' official code",
    example: 'openset conformance --backend wasm losses.json',
    exitCodes: '0 all cases passed, 1 one failed, 2 a problem, 3 a mistake in openset',
  })
    .argument('<files...>', 'fixture files in the format of losses.json, metrics.json or backbone.json')
    .addOption(new Option('--backend <name>', 'backend to check').choices(backendNames).default('wasm'))
    .addOption(new Option('--kind <kind>', 'what the files hold').choices(kinds).default('losses'))
    .addOption(new Option('--threads <count>', 'threads of the wasm backend').argParser(Number))
    .addOption(new Option('--relaxed-simd <choice>', 'fused multiply-add on wasm').choices(['on', 'off']))
    .action(runWith);
}

async function runWith(files: string[], flags: ConformanceFlags): Promise<void> {
  const { json, backend, kind, threads, relaxedSimd } = flags;
  const options = { threads, ...(relaxedSimd && { relaxedSimd: relaxedSimd === 'on' }) };
  if (backend !== 'wasm' && (threads ?? relaxedSimd) !== undefined) {
    throw new ConfigError('--threads and --relaxed-simd go with --backend wasm.');
  }
  // The metrics are plain TypeScript and run on no backend.
  if (kind !== 'metrics') await useBackend(backend, options);
  const { runConformance } = await import('../conformance.ts');
  // A line for each case is the answer, or how it goes where the answer is JSON.
  const stream = json ? process.stderr : process.stdout;
  const report = await runConformance({ files, kind, print: (line) => stream.write(`${line}\n`) });
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = report.failed > 0 ? exitCodes.no : exitCodes.success;
}
