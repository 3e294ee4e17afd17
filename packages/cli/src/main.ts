#!/usr/bin/env node
import { OpenSetError } from '@openset/core';
import { Command, Option } from 'commander';
import { type BackendName, backendNames, useBackend } from './backends.ts';
import { type ConformanceKind, conformanceKinds, runConformance } from './conformance.ts';

interface ConformanceFlags {
  readonly backend: BackendName;
  readonly kind: ConformanceKind;
  readonly threads?: number;
  readonly relaxedSimd?: 'on' | 'off';
}

const program = new Command('openset')
  .description('Open-set recognition: train an embedding with its decision threshold.')
  .option('--debug', 'print stack traces');

program
  .command('conformance')
  .description("check a backend, or the metrics, against reference values of the papers' official code")
  .argument('<files...>', 'fixture files in the format of losses.json, or of metrics.json')
  .addOption(new Option('--backend <name>', 'backend to check').choices(backendNames).default('wasm'))
  .addOption(new Option('--kind <kind>', 'what the files hold').choices(conformanceKinds).default('losses'))
  .addOption(new Option('--threads <count>', 'threads of the wasm backend').argParser(Number))
  .addOption(new Option('--relaxed-simd <choice>', 'fused multiply-add on wasm').choices(['on', 'off']))
  .action(async (files: string[], options: ConformanceFlags) => {
    const { backend, kind, threads, relaxedSimd } = options;
    const training = {
      ...(threads !== undefined && { threads }),
      ...(relaxedSimd !== undefined && { relaxedSimd: relaxedSimd === 'on' }),
    };
    // The metrics are plain TypeScript and run on no backend.
    if (kind !== 'metrics') await useBackend(backend, training);
    const { failed } = await runConformance({ files, kind, print: (line) => console.log(line) });
    if (failed > 0) process.exitCode = 1;
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof OpenSetError) || program.opts().debug) throw error;
  console.error(`openset: ${error.message}`);
  process.exitCode = 2;
}
