import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddingOf, nameOf, probeOf, product } from './gallery/made-up-people.ts';
import { type StoreProcess, startStore } from './gallery/start-store.ts';
import { type MeasuredStore, stores } from './gallery/stores.ts';
import { median, type Table } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';

const sizes = [20_000, 100_000] as const;
/** Probes; half of them show strangers. */
const probes = 200;
/** People who are enrolled one after another, and together. */
const [enrolledAlone, enrolledTogether] = [100, 2000] as const;

/** What is measured of a store. */
interface Measurement {
  readonly store: MeasuredStore;
  /** Milliseconds of each search. */
  readonly times: readonly number[];
  /** Probes whose nearest person is that of a walk over all float32 vectors. */
  readonly correct: number;
  /** Milliseconds from opening to the answer of the first search. */
  readonly coldStart: number;
  /** Bytes of the process after the searches. */
  readonly memory: number;
  /** Milliseconds for a person. */
  readonly enrollAlone: number;
  readonly enrollTogether: number;
  /** Bytes on the disk. */
  readonly size: number | undefined;
}

/**
 * Measures stores of galleries with made-up people, one embedding of 512 numbers each, by turns, each in a process of its own: searches for the
 * nearest of 20,000 and of 100,000 people, compared with a walk over all float32 vectors; the start; memory; enrollments.
 */
export async function gallery({ size, only = '' }: BenchmarkOptions): Promise<Table> {
  const measured = stores.filter(({ name }) => name.includes(only));
  const rows: string[][] = [];
  for (const people of size === undefined ? sizes : [size]) {
    const folder = await mkdtemp(join(tmpdir(), 'openset-bench-'));
    try {
      rows.push(...rowsOf(people, await measureStores(folder, people, measured)));
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return {
    columns: [
      ...['people', 'store', 'search, median', '95 %', `of ${stores.at(-1)!.name}`, 'same as a walk'],
      ...['start', 'memory', 'enrolled a second', 'enrolled a second, together', 'on the disk'],
    ],
    rows,
  };
}

async function measureStores(
  parent: string,
  people: number,
  measured: readonly MeasuredStore[],
): Promise<Measurement[]> {
  const expected = namesOfNearest(people);
  const running: { store: MeasuredStore; folder: string; process: StoreProcess; coldStart: number }[] = [];
  for (const [index, store] of measured.entries()) {
    const folder = join(parent, `${index}`);
    await mkdir(folder);
    const settings = { store: store.name, folder, people };
    if (store.isPersistent) await startStore(settings).ask({ kind: 'fill' });
    const process = startStore(settings);
    running.push({ store, folder, process, coldStart: await process.ask({ kind: 'open' }) });
  }
  const answers = running.map(() => ({ times: [] as number[], correct: 0 }));
  // The first probe warms up.
  for (let probe = -1; probe < probes; probe++) {
    for (const [index, { process }] of running.entries()) {
      const { name, milliseconds } = await process.ask({ kind: 'search', probe: Math.max(0, probe) });
      if (probe < 0) continue;
      answers[index]!.times.push(milliseconds);
      if (name === expected[probe]) answers[index]!.correct++;
    }
  }
  const results: Measurement[] = [];
  for (const [index, { store, folder, process, coldStart }] of running.entries()) {
    const memory = await process.ask({ kind: 'memory' });
    const enroll = async (first: number, count: number, together: boolean) =>
      (await process.ask({ kind: 'enroll', first, count, together })) / count;
    const enrollAlone = await enroll(people, enrolledAlone, false);
    const enrollTogether = await enroll(people + enrolledAlone, enrolledTogether, true);
    await process.ask({ kind: 'close' });
    const size = await store.size?.(folder);
    results.push({ store, ...answers[index]!, coldStart, memory, enrollAlone, enrollTogether, size });
  }
  return results;
}

/** Returns the name of the person nearest to each probe, from a walk over all embeddings. */
function namesOfNearest(people: number): string[] {
  const all = Array.from({ length: probes }, (_, probe) => probeOf(probe, people));
  const best = all.map(() => ({ person: -1, cosine: Number.NEGATIVE_INFINITY }));
  for (let person = 0; person < people; person++) {
    const embedding = embeddingOf(person);
    for (const [probe, values] of all.entries()) {
      const cosine = product(values, embedding);
      if (cosine > best[probe]!.cosine) best[probe] = { person, cosine };
    }
  }
  return best.map(({ person }) => nameOf(person));
}

function rowsOf(people: number, measurements: readonly Measurement[]): string[][] {
  const reference = measurements.find(({ store }) => store === stores.at(-1));
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  return measurements.map(({ store, times, correct, coldStart, memory, size, ...one }) => {
    const ratio = reference && median(times.map((time, probe) => time / reference.times[probe]!));
    return [
      people.toLocaleString('en'),
      store.name,
      `${median(times).toFixed(1)} ms`,
      `${quantile(times, 0.95).toFixed(1)} ms`,
      ratio === undefined ? '' : ratio.toFixed(2),
      `${correct} of ${probes}`,
      store.isPersistent ? `${(coldStart / 1000).toFixed(2)} s` : '',
      // Below that, other memory of the process decides.
      memory < 10e6 ? 'under 10 MB' : megabytes(memory),
      (1000 / one.enrollAlone).toFixed(0),
      (1000 / one.enrollTogether).toFixed(0),
      size === undefined ? '' : megabytes(size),
    ];
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
