import { OpenSetError, randomNumbers } from '@openset/core';
import { makeTargets, type Target } from './fuzz-targets.ts';

/** Draws an integer in `[0, limit)`. */
type Random = (limit: number) => number;

/** Results of reading damaged files. */
export interface FuzzReport {
  /** Number of damaged files that were read, for instance because the damage is in an image. */
  readonly accepted: number;
  /** Number of damaged files that were rejected with an `OpenSetError`. */
  readonly rejected: number;
  /** All other errors, which are bugs. */
  readonly bugs: readonly string[];
  /** The slowest run, in time of the processor. */
  readonly slowest: { readonly milliseconds: number; readonly target: string };
  /** The run with the largest growth of memory in use; the files have a few thousand bytes. */
  readonly largest: { readonly bytes: number; readonly target: string };
  /** Number of runs by target. */
  readonly runs: Readonly<Record<string, number>>;
}

/**
 * Damages small files of every format, one to four times each, and reads them to the end.
 * @param count number of damaged files
 * @param seed seed of the damage
 */
export async function fuzz(count: number, seed: number): Promise<FuzzReport> {
  const nextNumber = randomNumbers(seed);
  const random: Random = (limit) => Math.floor(nextNumber() * limit);
  const targets = makeTargets();
  const donors = targets.flatMap(({ files }) => files);
  const runs: Record<string, number> = {};
  const bugs: string[] = [];
  let [accepted, rejected] = [0, 0];
  let slowest = { milliseconds: 0, target: '' };
  let largest = { bytes: 0, target: '' };
  for (let run = 0; run < count; run++) {
    const target = targets[random(targets.length)] as Target;
    const { name } = target;
    runs[name] = (runs[name] ?? 0) + 1;
    const position = random(target.files.length);
    const damaged = target.files.map((file, index) =>
      index === position ? damage(file, donors, random) : file,
    );
    const before = memoryInUse();
    const start = process.cpuUsage();
    try {
      await target.read(damaged);
      accepted += 1;
    } catch (error) {
      if (error instanceof OpenSetError) rejected += 1;
      else bugs.push(`run ${run} of seed ${seed}, ${name}: ${String((error as Error).stack ?? error)}`);
    }
    const { user, system } = process.cpuUsage(start);
    const milliseconds = (user + system) / 1000;
    const bytes = memoryInUse() - before;
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, target: `run ${run}, ${name}` };
    if (bytes > largest.bytes) largest = { bytes, target: `run ${run}, ${name}` };
  }
  return { accepted, rejected, bugs, slowest, largest, runs };
}

/** Returns the size of the heap and of external buffers. A garbage collection between two calls lowers the difference. */
function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Damages a file one to four times: flips a bit, sets a byte or a word, truncates, deletes, duplicates or inserts. */
function damage(file: Uint8Array, donors: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = [...file];
  for (let times = 1 + random(4); times > 0; times--) {
    const position = random(bytes.length + 1);
    const length = 1 + random(12);
    switch (random(8)) {
      case 0:
      case 1:
        if (position < bytes.length) bytes[position] = (bytes[position] as number) ^ (1 << random(8));
        break;
      case 2:
        if (position < bytes.length) bytes[position] = random(256);
        break;
      case 3: {
        // Lengths, counts and offsets at their limits.
        const word = [0xff, 0xff, 0xff, [0x7f, 0xff, 0x1f, 0][random(4)] as number];
        bytes.splice(position, 4, ...(random(2) === 0 ? word : word.reverse()));
        break;
      }
      case 4:
        bytes = bytes.slice(0, position);
        break;
      case 5:
        bytes.splice(position, length);
        break;
      case 6:
        bytes.splice(position, 0, ...bytes.slice(Math.max(0, position - length), position));
        break;
      default: {
        const donor = donors[random(donors.length)] as Uint8Array;
        const start = random(donor.length);
        bytes.splice(position, random(2) * length, ...donor.subarray(start, start + length));
      }
    }
  }
  return Uint8Array.from(bytes);
}
