import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageSource, PathSource } from '@openset/data';
import { readLfwPairs } from '@openset/data';
import { openImageFolder, readFrom } from '@openset/data/node';
import { openFaceDetector } from '@openset/faces/node';
import { openPretrained } from '@openset/pretrained/node';
import { Verifier } from '@openset/verify';
import { describeMachine } from '../describe-machine.ts';
import { writeAtomically } from '../reuse-result.ts';
import { choosePhotos } from './choose-photos.ts';
import { type EmbeddedPhotos, embedPhotos, type FaceNetworks } from './embed-photos.ts';
import { estimateThresholds, type RowPairs, testGallery, testPairs } from './measure.ts';
import { faceresThresholdPage } from './page.ts';

/** Options of the study. */
export interface FaceresThresholdOptions {
  readonly train: string;
  readonly pairs: string;
  readonly out: string;
  /** Folder that stores embeddings. */
  readonly results: string;
  /** Number of people whose photos estimate the threshold; all by default. */
  readonly people: number;
  /** Largest number of photos of each. */
  readonly images: number;
  readonly command: string;
}

/** Largest gallery that the people of the pairs can fill. */
const largestTestedGallery = 100;

/** Estimates the thresholds of `faceres` on people, tests them on other people, and writes the page. */
export async function faceresThresholdStudy(options: FaceresThresholdOptions): Promise<void> {
  const { results, out, people, images } = options;
  const train = await openImageFolder(options.train);
  const others = await openImageFolder(options.pairs);
  const list = await readFrom(join(options.pairs, 'pairs.txt'), readLfwPairs);
  const networks = shareNetworks();
  const chosen = choosePhotos(train.labels, { people, images });
  const store = (name: string) => ({ results, name: `faceres-threshold-${name}`, key: networks.key });
  const rows = await embedPhotos(store('train'), train, chosen, networks.open);
  const otherRows = await embedPhotos(store('pairs'), others, [...others.labels.keys()], networks.open);
  await networks.close();

  const labelled = { ...rows, labels: labelsOf(train, rows) };
  const thresholds = estimateThresholds(labelled);
  const rowPairs = pairsOfRows(list, others, otherRows);
  const test = testPairs(otherRows, rowPairs, thresholds.pair);
  const labelledOthers = { ...otherRows, labels: labelsOf(others, otherRows) };
  const tested = thresholds.galleries.filter(({ people }) => people > 1 && people <= largestTestedGallery);
  const random = sequence();
  const galleries = tested.map((gallery) => testGallery(labelledOthers, gallery, random));
  // The same galleries for all rates.
  const rates = tested.map(({ people, rates }) => ({
    people,
    rates: rates.map((rate) => ({
      ...rate,
      test: testGallery(labelledOthers, { people, threshold: rate.threshold }, sequence()),
    })),
  }));
  await mkdir(out, { recursive: true });
  await writeAtomically(
    join(out, 'faceres-threshold.md'),
    faceresThresholdPage({
      ...{ thresholds, test, galleries, rates, command: options.command, machine: describeMachine() },
      people: new Set(labelled.labels).size,
      images: images,
      chosen: chosen.length,
      found: rows.indices.length,
      otherPeople: others.classNames.length,
      otherPhotos: others.size,
      otherFound: otherRows.indices.length,
      listed: list.isSame.length,
    }),
  );
  await Promise.all([train.close(), others.close()]);
}

/** Opens the networks when they are first needed, and the same ones after that. */
function shareNetworks() {
  const crop = { kind: 'box', scale: 1.2 } as const;
  let opened: Promise<FaceNetworks> | undefined;
  const open = async (): Promise<FaceNetworks> => {
    const { backbone, network } = await openPretrained('faceres');
    const verifier = new Verifier({ backbone, threshold: 0, flipSum: false });
    return { detector: await openFaceDetector(), verifier, crop: network.crop };
  };
  return {
    key: { flipSum: false, crop },
    open: () => {
      opened ??= open();
      return opened;
    },
    close: async () => {
      const networks = await opened;
      networks?.detector.dispose();
      networks?.verifier.backbone.dispose();
    },
  };
}

function labelsOf({ labels }: ImageSource, { indices }: EmbeddedPhotos): Int32Array {
  return Int32Array.from(indices, (photo) => labels[photo]!);
}

/** Returns the pairs of a list on whose photos faces were found, as rows. */
function pairsOfRows(
  { first, second, isSame, folds }: Awaited<ReturnType<typeof readLfwPairs>>,
  { paths }: PathSource,
  { indices }: EmbeddedPhotos,
): RowPairs {
  const rowOf = new Map([...indices].map((photo, row) => [paths[photo]!.replaceAll('\\', '/'), row]));
  const kept = [...isSame.keys()].filter((pair) => rowOf.has(first[pair]!) && rowOf.has(second[pair]!));
  return {
    pairs: Uint32Array.from(kept.flatMap((pair) => [rowOf.get(first[pair]!)!, rowOf.get(second[pair]!)!])),
    isSame: Uint8Array.from(kept, (pair) => isSame[pair]!),
    folds: Int32Array.from(kept, (pair) => folds?.[pair] ?? 0),
  };
}

/** Returns numbers from 0 up to 1, the same on every machine (mulberry32). */
function sequence(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
