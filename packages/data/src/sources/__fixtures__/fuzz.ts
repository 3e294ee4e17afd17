import { OpenSetError } from '@openset/core';
import { makeTargets, type Target } from './fuzz-targets.ts';
import { randomIntegers } from './random.ts';

type Random = (limit: number) => number;

/** What came of damaged files. */
export interface FuzzReport {
  /** Damaged files that were read all the same: the damage is in a picture, for instance. */
  readonly accepted: number;
  /** Damaged files that were refused with an `OpenSetError`. */
  readonly refused: number;
  /** Any other error: a bug. */
  readonly bugs: readonly string[];
  /** Milliseconds, and what took them. */
  readonly slowest: { readonly milliseconds: number; readonly target: string };
  /** Bytes by which the memory in use grew in one run, and what took them; the files have a few thousand. */
  readonly largest: { readonly bytes: number; readonly target: string };
  /** Runs by the name of what was damaged. */
  readonly runs: Readonly<Record<string, number>>;
}

/**
 * Damages small files of every format, one to four times each, and reads them to the end.
 * @param count how many damaged files
 * @param seed the same damage for the same seed
 */
export async function fuzz(count: number, seed: number): Promise<FuzzReport> {
  const random = randomIntegers(seed);
  const targets = makeTargets();
  const donors = targets.flatMap(({ files }) => files);
  const runs: Record<string, number> = {};
  const bugs: string[] = [];
  let [accepted, refused] = [0, 0];
  let slowest = { milliseconds: 0, target: '' };
  let largest = { bytes: 0, target: '' };
  for (let run = 0; run < count; run++) {
    const target = targets[random(targets.length)] as Target;
    const { name } = target;
    runs[name] = (runs[name] ?? 0) + 1;
    const place = random(target.files.length);
    const damaged = target.files.map((file, index) =>
      index === place ? damage(file, donors, random) : file,
    );
    const before = memoryInUse();
    const start = performance.now();
    try {
      await target.read(damaged);
      accepted += 1;
    } catch (error) {
      if (error instanceof OpenSetError) refused += 1;
      else bugs.push(`run ${run} of seed ${seed}, ${name}: ${String((error as Error).stack ?? error)}`);
    }
    const milliseconds = performance.now() - start;
    const bytes = memoryInUse() - before;
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, target: `run ${run}, ${name}` };
    if (bytes > largest.bytes) largest = { bytes, target: `run ${run}, ${name}` };
  }
  return { accepted, refused, bugs, slowest, largest, runs };
}

/** Of the heap and of buffers outside of it; less than was taken if garbage was collected meanwhile. */
function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** One to four of: a bit turned, a byte or a word set, a cut, something taken out, doubled or put in. */
function damage(file: Uint8Array, donors: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes = [...file];
  for (let times = 1 + random(4); times > 0; times--) {
    const place = random(bytes.length + 1);
    const length = 1 + random(12);
    switch (random(8)) {
      case 0:
      case 1:
        if (place < bytes.length) bytes[place] = (bytes[place] as number) ^ (1 << random(8));
        break;
      case 2:
        if (place < bytes.length) bytes[place] = random(256);
        break;
      case 3: {
        // Lengths, counts and offsets at their limits.
        const word = [0xff, 0xff, 0xff, [0x7f, 0xff, 0x1f, 0][random(4)] as number];
        bytes.splice(place, 4, ...(random(2) === 0 ? word : word.reverse()));
        break;
      }
      case 4:
        bytes = bytes.slice(0, place);
        break;
      case 5:
        bytes.splice(place, length);
        break;
      case 6:
        bytes.splice(place, 0, ...bytes.slice(Math.max(0, place - length), place));
        break;
      default: {
        const donor = donors[random(donors.length)] as Uint8Array;
        const start = random(donor.length);
        bytes.splice(place, random(2) * length, ...donor.subarray(start, start + length));
      }
    }
  }
  return Uint8Array.from(bytes);
}
