import { type Comparison, median, time } from './measure.ts';
import type { PyTorch, PyTorchWork } from './pytorch.ts';

/** Options of the command that benchmarks read. */
export interface BenchmarkOptions {
  /** Threads of openset and of PyTorch. */
  readonly threads: number;
  /** Restricts a benchmark with several sizes to this one. */
  readonly size: number | undefined;
  /** Restricts `more-losses` to the losses whose name contains this text. */
  readonly only: string | undefined;
  /** Network of `train-step`: `'r18'` (default) or `'r50'`. */
  readonly network: string | undefined;
  /** PyTorch to compare with; null for none. */
  readonly pytorch: PyTorch | null;
}

/** The same work, done in several ways. */
export interface Sides {
  readonly openset: () => void;
  /** Work on stock tfjs-backend-wasm; a text is the reason why it cannot run; default: stock is not measured. */
  readonly stock?: (() => void) | string;
  /** Other work of openset, whose time and memory are compared with those of `openset`. */
  readonly baseline?: () => void;
  readonly pytorch?: PyTorchWork;
  /** Measures the memory that a step allocates; default: memory is not measured. */
  readonly memory?: (work: () => void) => number | undefined;
  /** Measured rounds; default 11. */
  readonly runs?: number;
  /** Rounds of PyTorch among them; default: all. */
  readonly pytorchRuns?: number;
}

/** Rounds of stock, which is too slow for more. */
const stockRuns = 3;

/** Measures all ways by turns, so that a slowdown of the machine affects them all. */
export async function sideBySide(
  name: string,
  { openset, stock, baseline, pytorch: work, memory, runs = 11, pytorchRuns = runs }: Sides,
  { pytorch }: BenchmarkOptions,
): Promise<Comparison> {
  const compared = work && pytorch ? pytorch : null;
  if (compared) await compared.begin(work as PyTorchWork);
  // Measured first, while neither side holds memory from earlier rounds.
  const megabytes = memory
    ? {
        openset: memory(openset),
        baseline: baseline && memory(baseline),
        pytorch: await compared?.memory(),
      }
    : null;
  const [ours, theirs, bases, others]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let run = -2; run < runs; run++) {
    const first = time(openset);
    const base = baseline && time(baseline);
    const second = typeof stock === 'function' && run < stockRuns - 1 ? time(stock) : null;
    const third = compared && run < pytorchRuns ? await compared.step() : null;
    // The first two rounds warm up. Stock has nothing to warm up after one, and is too slow to discard a second.
    if (second !== null && run > -2) theirs.push(second);
    if (run < 0) continue;
    ours.push(first);
    if (base !== undefined) bases.push(base);
    if (third !== null) others.push(third);
  }
  compared?.end();
  const opensetMedian = median(ours);
  const beside = (times: readonly number[], extra: number | undefined) => ({
    milliseconds: median(times),
    ratio: median(times.map((value, round) => ours[round]! / value)),
    ...(extra !== undefined && { megabytes: extra }),
  });
  return {
    name,
    ...(stock === undefined && { reference: null }),
    theirs: theirs.length > 0 ? median(theirs) : null,
    ...(typeof stock === 'string' && { absent: stock }),
    openset: opensetMedian,
    ratio: theirs.length > 0 ? median(theirs) / opensetMedian : null,
    ...(megabytes?.openset !== undefined && { megabytes: megabytes.openset }),
    ...(baseline && { baseline: beside(bases, megabytes?.baseline) }),
    ...(compared && { pytorch: beside(others, megabytes?.pytorch) }),
  };
}
