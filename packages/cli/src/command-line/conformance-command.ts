import { type Command, Option } from 'commander';
import { type BackendName, backendNames } from '../backend-names.ts';
import type { ConformanceKind } from '../conformance/run-conformance.ts';
import { exitCodes } from '../exit-codes.ts';
import { addCommand, type CommonOptions } from './command-builder.ts';

const kinds: readonly ConformanceKind[] = ['losses', 'metrics', 'backbone'];

interface ConformanceFlags extends CommonOptions {
  readonly backend: BackendName;
  readonly kind: ConformanceKind;
  readonly threads?: number;
  readonly relaxedSimd?: 'on' | 'off';
}

/** Adds `openset conformance`. */
export function addConformance(program: Command): void {
  addCommand(program, {
    name: 'conformance',
    description: "check losses, metrics or networks against reference values from the papers' official code",
    example: 'openset conformance --backend wasm losses.json',
    exitCodes: '0 all cases passed, 1 a case failed, 2 error, 3 bug in openset',
  })
    .argument('<files...>', 'fixture files in the format of losses.json, metrics.json or backbone.json')
    .addOption(new Option('--backend <name>', 'backend to check').choices(backendNames).default('wasm'))
    .addOption(new Option('--kind <kind>', 'content of the files').choices(kinds).default('losses'))
    .addOption(new Option('--threads <count>', 'number of threads of the wasm backend').argParser(Number))
    .addOption(
      new Option('--relaxed-simd <choice>', 'fused multiply-add on the wasm backend').choices(['on', 'off']),
    )
    .action(runConformanceCommand);
}

async function runConformanceCommand(files: string[], flags: ConformanceFlags): Promise<void> {
  const { json, backend, kind, threads, relaxedSimd } = flags;
  const options = { threads, ...(relaxedSimd && { relaxedSimd: relaxedSimd === 'on' }) };
  if (backend !== 'wasm' && (threads ?? relaxedSimd) !== undefined) {
    const { ConfigError } = await import('@openset/core');
    throw new ConfigError('--threads and --relaxed-simd need --backend wasm.');
  }
  // The metrics are plain TypeScript and need no backend.
  if (kind !== 'metrics') {
    const { useBackend } = await import('../backends.ts');
    await useBackend(backend, options);
  }
  const { runConformance } = await import('../conformance/run-conformance.ts');
  // The lines are the result, or progress if the result is JSON.
  const stream = json ? process.stderr : process.stdout;
  const report = await runConformance({ files, kind, print: (line) => stream.write(`${line}\n`) });
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  process.exitCode = report.failed > 0 ? exitCodes.no : exitCodes.success;
}
