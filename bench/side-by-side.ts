import { type Comparison, median, time } from './measure.ts';
import type { PyTorch, PyTorchWork } from './pytorch.ts';

/** How benchmarks run: the options of the command. */
export interface BenchmarkOptions {
  /** Threads of openset and of PyTorch. */
  readonly threads: number;
  /** Restricts a benchmark to one size, where it has several. */
  readonly size: number | undefined;
  /** Which networks `train-step` trains: `'r18'` (default) or `'r50'`. */
  readonly network: string | undefined;
  /** PyTorch to compare with; null: none. */
  readonly pytorch: PyTorch | null;
}

/** One piece of work, done in several ways. */
export interface Sides {
  readonly openset: () => void;
  /** On stock tfjs-backend-wasm; a text says why it cannot. */
  readonly stock: (() => void) | string;
  readonly pytorch?: PyTorchWork;
  /** How to measure the memory that a step takes; default not. */
  readonly memory?: (work: () => void) => number | undefined;
  /** Rounds that count; default 11. */
  readonly runs?: number;
}

/** Rounds in which stock takes part: it is so slow that more would not pay. */
const stockRuns = 3;

/** Runs all ways by turns, so that a machine that slows down slows down all. */
export async function sideBySide(
  name: string,
  { openset, stock, pytorch: work, memory, runs = 11 }: Sides,
  { pytorch }: BenchmarkOptions,
): Promise<Comparison> {
  const compared = work && pytorch ? pytorch : null;
  if (compared) await compared.begin(work as PyTorchWork);
  // Before anything else, when neither side has memory left over from earlier rounds.
  const megabytes = memory ? { openset: memory(openset), pytorch: await compared?.memory() } : null;
  const [ours, theirs, others]: [number[], number[], number[]] = [[], [], []];
  for (let run = -2; run < runs; run++) {
    const first = time(openset);
    const second = typeof stock !== 'string' && run < stockRuns - 1 ? time(stock) : null;
    const third = compared ? await compared.step() : null;
    // The first two rounds warm up; stock, which has nothing to warm, is slow enough to count at once.
    if (second !== null && run > -2) theirs.push(second);
    if (run < 0) continue;
    ours.push(first);
    if (third !== null) others.push(third);
  }
  compared?.end();
  const opensetMedian = median(ours);
  return {
    name,
    theirs: theirs.length > 0 ? median(theirs) : null,
    ...(typeof stock === 'string' && { absent: stock }),
    openset: opensetMedian,
    ratio: theirs.length > 0 ? median(theirs) / opensetMedian : null,
    ...(megabytes?.openset !== undefined && { megabytes: megabytes.openset }),
    ...(compared && {
      pytorch: {
        milliseconds: median(others),
        ratio: median(ours.map((value, round) => value / others[round]!)),
        ...(megabytes?.pytorch !== undefined && { megabytes: megabytes.pytorch }),
      },
    }),
  };
}
