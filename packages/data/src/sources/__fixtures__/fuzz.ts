import { OpenSetError } from '@openset/core';
import { bytesFile } from '../../byte-file.ts';
import { readIdx } from '../idx-source.ts';
import { imageListSource, readImageList } from '../image-list.ts';
import { readLfwPairs } from '../lfw-pairs.ts';
import { readPairTable } from '../pair-table.ts';
import { readRecordIO } from '../record-io-source.ts';
import { readVerificationBin } from '../verification-bin.ts';
import { identitySet, recordSet } from './files.ts';
import pickles from './pickles.json';
import { randomIntegers } from './random.ts';

type Random = (limit: number) => number;

/** Files to be damaged, and what reads all of them. */
interface Target {
  readonly name: string;
  readonly files: readonly Uint8Array[];
  readonly read: (files: readonly Uint8Array[]) => Promise<void>;
}

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
  let [accepted, refused, slowest] = [0, 0, { milliseconds: 0, target: '' }];
  for (let run = 0; run < count; run++) {
    const target = targets[random(targets.length)] as Target;
    runs[target.name] = (runs[target.name] ?? 0) + 1;
    const place = random(target.files.length);
    const damaged = target.files.map((file, index) =>
      index === place ? damage(file, donors, random) : file,
    );
    const start = performance.now();
    try {
      await target.read(damaged);
      accepted += 1;
    } catch (error) {
      if (error instanceof OpenSetError) refused += 1;
      else
        bugs.push(`run ${run} of seed ${seed}, ${target.name}: ${String((error as Error).stack ?? error)}`);
    }
    const milliseconds = performance.now() - start;
    if (milliseconds > slowest.milliseconds) slowest = { milliseconds, target: `run ${run}, ${target.name}` };
  }
  return { accepted, refused, bugs, slowest, runs };
}

function makeTargets(): Target[] {
  const text = (content: string) => new TextEncoder().encode(content);
  const magic = [0x0a, 0x23, 0xd7, 0xce];
  const plain = recordSet([
    { image: Uint8Array.of(1, 2, 3), label: 0 },
    { image: Uint8Array.from([...magic, ...magic, 7, ...magic]), label: 1 },
    { image: new Uint8Array(0), label: [2, 0.5, 3] },
  ]);
  const faces = identitySet();
  const lfw = text(
    '2\t2\nA_B\t1\t4\nA\t12\t2\nB\t2\tC\t3\nD\t1\tE\t10\nA\t1\t4\nA\t1\t2\nB\t2\tC\t3\nD\t1\tE\t1\n',
  );
  const pickleTargets = Object.entries(pickles).map(([name, base64]): Target => {
    const read = readBin(name);
    return { name: '.bin', files: [Uint8Array.from(Buffer.from(base64, 'base64'))], read };
  });
  return [
    ...pickleTargets,
    // As often as all the pickles together.
    ...new Array<Target[]>(6)
      .fill([
        { name: '.rec', files: [plain.records], read: readRecords },
        { name: '.rec and .idx', files: [plain.records, text(plain.index)], read: readRecords },
        { name: '.rec and .idx of identities', files: [faces.records, text(faces.index)], read: readRecords },
        { name: 'pairs.txt', files: [lfw], read: ([file]) => readText(file, readLfwPairs) },
        {
          name: 'table of pairs',
          files: [text('a,b,same,fold\n"a,1",b,1,0\nc,d,0,1\n')],
          read: ([file]) => readText(file, readPairTable),
        },
        { name: 'list', files: [text('0\t1\t0.5\ta.jpg\n1\t2\t0.5\tb.jpg\n')], read: readList },
        {
          name: 'idx',
          files: [
            Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4),
            Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1),
          ],
          read: readDigits,
        },
      ])
      .flat(),
  ];
}

async function readRecords([records, index]: readonly Uint8Array[]): Promise<void> {
  const source = await readRecordIO({
    records: bytesFile('a.rec', records as Uint8Array),
    index: index && bytesFile('a.idx', index),
  });
  for (let place = 0; place < source.size; place++) await source.get(place);
}

const readBin =
  (name: string) =>
  async ([file]: readonly Uint8Array[]) => {
    const set = await readVerificationBin(bytesFile(name, file as Uint8Array));
    for (let picture = 0; picture < 2 * set.size; picture++) await set.image(picture);
  };

async function readText(
  file: Uint8Array | undefined,
  read: (file: ReturnType<typeof bytesFile>) => Promise<unknown>,
) {
  await read(bytesFile('list.txt', file as Uint8Array));
}

async function readList([file]: readonly Uint8Array[]): Promise<void> {
  const list = await readImageList(bytesFile('list.txt', file as Uint8Array));
  const source = imageListSource(list, async () => new Uint8Array(0));
  for (let place = 0; place < source.size; place++) await source.get(place);
}

async function readDigits([images, labels]: readonly Uint8Array[]): Promise<void> {
  const source = await readIdx({
    images: bytesFile('images', images as Uint8Array),
    labels: bytesFile('labels', labels as Uint8Array),
  });
  for (let place = 0; place < source.size; place++) await source.get(place);
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
