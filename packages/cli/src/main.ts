#!/usr/bin/env node
import { OpenSetError } from '@openset/core';
import { Command, Option } from 'commander';
import { type BackendName, backendNames, useBackend } from './backends.ts';
import { type ConformanceKind, conformanceKinds, runConformance } from './conformance.ts';

const program = new Command('openset')
  .description('Open-set recognition: train an embedding with its decision threshold.')
  .option('--debug', 'print stack traces');

program
  .command('conformance')
  .description("check a backend, or the metrics, against reference values of the papers' official code")
  .argument('<files...>', 'fixture files in the format of losses.json, or of metrics.json')
  .addOption(new Option('--backend <name>', 'backend to check').choices(backendNames).default('wasm'))
  .addOption(new Option('--kind <kind>', 'what the files hold').choices(conformanceKinds).default('losses'))
  .action(async (files: string[], { backend, kind }: { backend: BackendName; kind: ConformanceKind }) => {
    // The metrics are plain TypeScript and run on no backend.
    if (kind !== 'metrics') await useBackend(backend);
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
