import { join } from 'node:path';
import { bundleProgram } from '../tests/support/bundle-program.ts';
import { findLauncher, startRanks } from '../tests/support/launcher.ts';
import { median, type Table } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';

const rankCount = 4;
const embeddingSize = 512;
const steps = 4;
/** What a rank may take beside its part of the class weights and their momentum, in MB. */
const allowance = 300;

interface RankResult {
  readonly rank: number;
  readonly started: number;
  readonly created: { readonly resident: number; readonly peak: number };
  readonly trained: { readonly resident: number; readonly peak: number };
  readonly seconds: readonly number[];
}

/**
 * Trains with 1,000,000 classes (`--size`) of 512 numbers in 4 shards, each a process of `mpirun`: BCE-unified with 10 % of the negatives, SGD with
 * momentum, 64 images of 16² in a batch. Measures the memory of each rank, in MB of 10⁶ bytes, and the time of a step.
 */
export async function millionClasses({ size = 1_000_000, threads }: BenchmarkOptions): Promise<Table> {
  const launcher = findLauncher('many classes are');
  if (!launcher) throw new Error('The benchmark needs mpirun: install Open MPI or MPICH.');
  const program = await bundleProgram(join(import.meta.dirname, 'million-classes', 'train-rank.ts'));
  const parameters = [program, ...[size, threads, steps].map(String)];
  const { exitCode, output } = await startRanks(launcher, rankCount, parameters).ended;
  if (exitCode !== 0) throw new Error(`The ranks failed:\n${output}`);
  const results = [...output.matchAll(/^rank (.*)$/gm)].map(([, json]) => JSON.parse(json!) as RankResult);
  const ofShard = (2 * 4 * size * embeddingSize) / rankCount / 1e6;
  const peaks = results.map(({ created, trained }) => Math.max(created.peak, trained.peak));
  // The first step also creates the momentum.
  const seconds = median(results.map((result) => median(result.seconds.slice(1))));
  console.log(
    `A shard of weights and momentum: ${rounded(ofShard)}. Goal: ${rounded(ofShard + allowance)} for each rank. ` +
      `All ranks together: ${rounded(peaks.reduce((sum, peak) => sum + peak, 0))}. A step: ${seconds.toFixed(1)} s.\n`,
  );
  return {
    columns: [
      'rank',
      'before the loss',
      'with its weights',
      'peak',
      'after training',
      'peak of training',
      'beside the shard',
    ],
    rows: results.map(({ rank, started, created, trained }, index) => [
      String(rank),
      ...[
        started,
        created.resident,
        created.peak,
        trained.resident,
        trained.peak,
        peaks[index]! - ofShard,
      ].map(rounded),
    ]),
  };
}

function rounded(megabytes: number): string {
  return `${Math.round(megabytes).toLocaleString('en')} MB`;
}
