import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { timelinePlot } from '@openset/report';
import type { StepEvent, TimelineEvent, TrainingEvent } from '@openset/train';
import { timelineBars } from '../packages/cli/src/ranks/timeline-section.ts';
import { median, type Table } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';

const classes = 10_572;
const batch = 64;
/** Measured rounds, and steps of each side in one of them. The first step of a round is not counted. */
const [rounds, stepsOfRound] = [4, 2] as const;
const phases = ['data', 'forward', 'loss', 'backward', 'exchange', 'update'] as const;

/**
 * Compares training with 1 rank and with 2 ranks of `mpirun`, each with one thread, on batches of 64 images: LResNet18E-IR at 112² (`--size`) with
 * BCE-unified of 10,572 classes. Both sides run by turns; the one that waits is stopped. Writes the timeline of a step to `.cache/bench`.
 */
export async function scaling({ size = 112 }: BenchmarkOptions): Promise<Table> {
  const launcher = spawnSync('mpirun', ['--version']);
  if (launcher.status !== 0) throw new Error('The benchmark needs mpirun: install Open MPI or MPICH.');
  const isOpenMpi = launcher.stdout.toString().includes('Open MPI');
  const sides = [new Side(1, size, isOpenMpi), new Side(2, size, isOpenMpi)];
  // Processes that stand still would outlive this one.
  process.once('SIGTERM', () => {
    for (const side of sides) side.kill();
    process.exit(1);
  });
  try {
    for (const side of sides) await side.start();
    const results: TrainingEvent[][] = sides.map(() => []);
    for (let round = -1; round < rounds; round++) {
      for (const [index, side] of sides.entries()) {
        const events = await side.run(stepsOfRound);
        const first = events.find(({ kind }) => kind === 'step')?.step;
        if (round >= 0) results[index]!.push(...events.filter(({ step }) => step !== first));
      }
    }
    return await describe(results);
  } finally {
    for (const side of sides) side.kill();
  }
}

/** So many ranks that train, and stand still between their turns. */
class Side {
  readonly #size: number;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #pids: number[] = [];

  constructor(size: number, side: number, isOpenMpi: boolean) {
    this.#size = size;
    const program = join(import.meta.dirname, 'scaling', 'train-rank.ts');
    const parameters = [classes, batch, side].map(String);
    const node = [
      process.execPath,
      '--conditions=@openset/source',
      '--import',
      'tsx',
      program,
      ...parameters,
    ];
    const launcher = ['mpirun', ...(isOpenMpi ? ['--oversubscribe'] : []), '-n', `${size}`];
    const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };
    this.#process = spawn(launcher[0]!, [...launcher.slice(1), ...node], {
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#lines = createInterface(this.#process.stdout!)[Symbol.asyncIterator]();
  }

  /** Waits until all ranks have begun. */
  async start(): Promise<void> {
    while (this.#pids.length < this.#size) {
      const pid = /^started (\d+)$/.exec(await this.#line())?.[1];
      if (pid) this.#pids.push(Number(pid));
    }
    this.#signal('SIGSTOP');
  }

  async run(steps: number): Promise<TrainingEvent[]> {
    this.#signal('SIGCONT');
    this.#process.stdin!.write(`${steps}\n`);
    const events = JSON.parse(await this.#line()) as TrainingEvent[];
    this.#signal('SIGSTOP');
    return events;
  }

  kill(): void {
    this.#signal('SIGKILL');
    this.#process.kill('SIGKILL');
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`The ${this.#size} ranks ended.`);
    return value;
  }

  #signal(signal: NodeJS.Signals): void {
    for (const pid of this.#pids) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended.
      }
    }
  }
}

async function describe(results: readonly (readonly TrainingEvent[])[]): Promise<Table> {
  const steps = results.map((events) => events.filter((event): event is StepEvent => event.kind === 'step'));
  const timelines = results[1]!.filter((event): event is TimelineEvent => event.kind === 'timeline');
  const seconds = steps.map((each) => median(each.map((step) => step.seconds)));
  const ratios = steps[0]!.map((step, index) => step.seconds / steps[1]![index]!.seconds);
  const file = await writeTimeline(timelines.at(-1)!);
  const hidden = median(timelines.flatMap(({ hiddenShare }) => hiddenShare ?? []));
  console.log(
    `2 ranks are ${median(ratios).toFixed(2)} × as fast as 1. ${(100 * hidden).toFixed(0)} % of the exchange of gradients is hidden.\n` +
      `A step on both ranks: ${file}\n`,
  );
  const milliseconds = (value: number) => `${(1000 * value).toFixed(0)} ms`;
  return {
    columns: ['ranks', 'step', ...phases, 'faster'],
    rows: steps.map((each, index) => [
      `${index + 1}`,
      milliseconds(seconds[index]!),
      ...phases.map((phase) => milliseconds(median(each.map(({ timing }) => timing?.[phase] ?? 0)))),
      index === 0 ? '' : `${median(ratios).toFixed(2)} ×`,
    ]),
  };
}

async function writeTimeline(event: TimelineEvent): Promise<string> {
  const folder = join(import.meta.dirname, '..', '.cache', 'bench');
  const file = join(folder, 'scaling-timeline.svg');
  await mkdir(folder, { recursive: true });
  const caption = `Step ${event.step} on each rank`;
  await writeFile(file, timelinePlot(timelineBars(event), { caption, width: 1100 }).svg);
  return file;
}
