import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImageFolder } from '@openset/data/node';
import { logEvents, Trainer } from '@openset/train';
import { consoleLogger, jsonLinesLogger } from '@openset/train/node';
import { chooseSettings } from '../packages/cli/src/config/choose-settings.ts';
import type { NetworkSettings } from '../packages/cli/src/config/network-schema.ts';
import { inspectImages } from '../packages/cli/src/images/inspect-images.ts';
import { imageMemory, loadImages } from '../packages/cli/src/images/load-images.ts';
import { createOutput } from '../packages/cli/src/output.ts';
import { buildRun } from '../packages/cli/src/training/build-run.ts';
import { followLength } from '../packages/cli/src/training/fix-length.ts';
import { median, type Table } from './measure.ts';
import type { PyTorch } from './pytorch.ts';
import { writeSampleImages } from './sample-images.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { startWasm } from './wasm-kernel.ts';

/** A run to measure. */
interface Case {
  readonly network: 'lresnet-18' | 'small-cnn';
  readonly side: number;
  readonly batch: number;
  /** Number of images of each person. */
  readonly imagesPerPerson: number;
  readonly epochs: number;
}

const people = 96;
const fileSide = 250;
const rounds = 2;

const cases: readonly Case[] = [
  { network: 'lresnet-18', side: 112, batch: 16, imagesPerPerson: 1, epochs: 3 },
  { network: 'lresnet-18', side: 32, batch: 32, imagesPerPerson: 4, epochs: 6 },
  { network: 'small-cnn', side: 32, batch: 64, imagesPerPerson: 20, epochs: 12 },
];

const names: Readonly<Record<Case['network'], string>> = {
  'lresnet-18': 'LResNet18E-IR',
  'small-cnn': 'small-cnn',
};
const networks: Readonly<Record<Case['network'], NetworkSettings>> = {
  'lresnet-18': { backbone: 'lresnet-ir', depth: 18 },
  'small-cnn': { backbone: 'small-cnn' },
};

const phases = ['data', 'forward', 'loss', 'backward', 'update'] as const;

/** An epoch: its duration, and where the time went, in seconds. */
interface Epoch extends Record<(typeof phases)[number], number> {
  seconds: number;
  images: number;
}

const noTime: Epoch = { seconds: 0, images: 0, data: 0, forward: 0, loss: 0, backward: 0, update: 0 };

/** A side of the comparison. */
interface Side {
  readonly name: string;
  run(): Promise<readonly Epoch[]>;
}

/**
 * Measures whole runs on a folder of JPEG files, from the first read to the last step: decode, resize, mirror, scale, train.
 * openset runs the code of `openset train`: once with the decoded images in memory, which it does if they fit, and once
 * decoding in every epoch. PyTorch decodes with Pillow in as many processes of its DataLoader as are best, and keeps maps as
 * torchvision delivers images or with the channels last. All have the same cores.
 */
export async function realRun(options: BenchmarkOptions): Promise<Table> {
  const chosen = cases.filter(
    ({ side, network }) =>
      (options.size === undefined || options.size === side) && names[network].includes(options.only ?? ''),
  );
  useCores(options.threads);
  await startWasm(options.threads);
  const rows: string[][] = [];
  for (const each of chosen) rows.push(...(await compareCase(each, options.pytorch)));
  return {
    columns: [
      '',
      'images/s',
      'waits for data',
      'from the second epoch',
      ...phases.slice(1),
      'rest',
      'openset',
    ],
    rows,
  };
}

/** Restricts this process, and those that it starts, to as many cores as threads, decoding included. */
function useCores(count: number): void {
  try {
    const list = ['-a', '-c', '-p', `0-${count - 1}`, `${process.pid}`];
    execFileSync('taskset', list, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    console.warn(
      `Threads that decode may use all cores: taskset failed (${(error as Error).message.trim()}).`,
    );
  }
}

async function compareCase(task: Case, pytorch: PyTorch | null): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  try {
    const { imagesPerPerson, network, side, batch } = task;
    await writeSampleImages(folder, { people, imagesPerPerson, side: fileSide });
    const sides: Side[] = [
      { name: 'openset', run: () => trainWithOpenset(folder, task) },
      { name: 'openset, no images in memory', run: () => trainWithOpenset(folder, task, 0) },
    ];
    if (pytorch) sides.push(...(await bestPyTorch(pytorch, folder, task)));
    // Warms up the kernels; the choice of PyTorch's processes has warmed up the files.
    await trainWithOpenset(folder, { ...task, epochs: 1 });
    const results: Epoch[][][] = sides.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { run }] of sides.entries()) results[index]!.push([...(await run())]);
    }
    const speeds = results.map((runs) => runs.map((run) => imagesPerSecond(run)));
    return sides.map(({ name }, index) => {
      const images = (people * imagesPerPerson).toLocaleString('en');
      const title = `${names[network]}, ${side}², batch ${batch}, ${images} images, ${task.epochs} epochs: ${name}`;
      const ratio = median(speeds[index]!.map((speed, round) => speeds[0]![round]! / speed));
      return [
        title,
        ...describeRun(middleRun(results[index]!)),
        index === 0 ? '' : `${ratio.toFixed(2)} × as fast`,
      ];
    });
  } finally {
    pytorch?.end();
    await rm(folder, { recursive: true });
  }
}

/** Returns PyTorch with the number of processes that decode fastest, in both of its layouts. */
async function bestPyTorch(pytorch: PyTorch, folder: string, task: Case): Promise<Side[]> {
  const { network, side, batch } = task;
  const run = async (workers: number, channelsLast: boolean, epochs: number) => {
    const options = { folder, network, side, batch, workers, channelsLast, epochs };
    await pytorch.begin({ name: 'run', options });
    return (await pytorch.run<{ epochs: Epoch[] }>()).epochs;
  };
  let best = { workers: 0, speed: 0 };
  for (const workers of [0, 1, 2]) {
    // The second epoch: processes take a share of a short run to start that they would not take of a long one.
    const speed = imagesPerSecond((await run(workers, false, 2)).slice(1));
    if (speed > best.speed) best = { workers, speed };
  }
  const { workers } = best;
  const name = `PyTorch, ${workers} ${workers === 1 ? 'process decodes' : 'processes decode'}`;
  return [
    { name, run: () => run(workers, false, task.epochs) },
    { name: `${name}, channels last`, run: () => run(workers, true, task.epochs) },
  ];
}

/**
 * Trains as `openset train` does, without evaluations and checkpoints.
 * @param gibibytes memory for decoded images; default: that of the command
 */
async function trainWithOpenset(
  folder: string,
  { network, side, batch, epochs }: Case,
  gibibytes?: number,
): Promise<readonly Epoch[]> {
  const output = createOutput({ write: () => true });
  const source = await openImageFolder(folder);
  const given = {
    data: folder,
    heldOut: 0,
    network: { ...networks[network], inputSize: side, channels: 3 as const },
    loss: { loss: 'CosFaceLoss' },
    schedule: { kind: 'constant' as const, learningRate: 0.01 },
    augment: [{ kind: 'horizontal-flip' as const }],
    batchSize: batch,
    clipNorm: null,
    epochs,
  };
  const settings = chooseSettings(given, { ...(await inspectImages(source, {})), backend: 'wasm' });
  const size = { height: side, width: side, channels: 3 } as const;
  const memory = imageMemory(gibibytes);
  const begin = performance.now();
  const loading = { name: folder, size, memory, config: settings, crop: null, output, frozen: null };
  const loaded = await loadImages(source, loading);
  const reading = (performance.now() - begin) / 1000;
  const set = { source: loaded.source, size, isInMemory: loaded.isInMemory, cacheBytes: memory };
  // PyTorch's network is built before the clock starts, too.
  const run = await buildRun(followLength(settings, 1), set);
  const logs = await mkdtemp(join(tmpdir(), 'openset-bench-'));
  try {
    const [console, file] = [
      consoleLogger({ stream: output.stream }),
      jsonLinesLogger(join(logs, 'events.jsonl')),
    ];
    const results: Epoch[] = [];
    let epoch: Epoch = { ...noTime, data: reading, seconds: reading };
    let last = performance.now();
    for await (const event of logEvents(new Trainer(run.options), console, file)) {
      if (event.kind === 'step') {
        epoch.images += event.images;
        for (const phase of phases) epoch[phase] += event.timing?.[phase] ?? 0;
      }
      if (event.kind !== 'epoch') continue;
      const now = performance.now();
      epoch.seconds += (now - last) / 1000;
      last = now;
      results.push(epoch);
      epoch = { ...noTime };
    }
    return results;
  } finally {
    run.dispose();
    await Promise.all([source.close(), rm(logs, { recursive: true })]);
  }
}

function imagesPerSecond(epochsOfRun: readonly Epoch[]): number {
  return sum(epochsOfRun, 'images') / sum(epochsOfRun, 'seconds');
}

/** Returns the run of median speed. */
function middleRun(runs: readonly (readonly Epoch[])[]): readonly Epoch[] {
  const speed = median(runs.map(imagesPerSecond));
  return runs.find((run) => imagesPerSecond(run) === speed)!;
}

/** Returns the cells of a run: images per second, and the shares of its time. */
function describeRun(run: readonly Epoch[]): string[] {
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  const seconds = sum(run, 'seconds');
  const later = run.slice(1);
  const measured = phases.reduce((total, phase) => total + sum(run, phase), 0);
  return [
    imagesPerSecond(run).toFixed(imagesPerSecond(run) < 100 ? 1 : 0),
    share(sum(run, 'data'), seconds),
    share(sum(later, 'data'), sum(later, 'seconds')),
    ...phases.slice(1).map((phase) => share(sum(run, phase), seconds)),
    share(seconds - measured, seconds),
  ];
}

function sum(epochsOfRun: readonly Epoch[], key: keyof Epoch): number {
  return epochsOfRun.reduce((total, epoch) => total + epoch[key], 0);
}
