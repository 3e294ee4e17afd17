import { join } from 'node:path';
import type { Backbone } from '@openset/core';
import { type ImageSource, readLfwPairs } from '@openset/data';
import { openImageFolder, readFrom } from '@openset/data/node';
import { type Features, loadOrComputeFeatures } from '../faceres/features.ts';

/** All images of the study: those of the training folder, then those of the people of the pairs. */
export interface FaceImages {
  readonly train: ImageSource;
  readonly others: ImageSource;
  /** `[images]`: person of each image. Those of the pairs have higher numbers than those of the training folder. */
  readonly labels: Int32Array;
  /** Number of people in the training folder. */
  readonly trainPeople: number;
  /** `[pairs, 2]` row-major: images of LFW's pairs. */
  readonly pairs: Uint32Array;
  /** `[pairs]`: 1 for the same person. */
  readonly isSame: Uint8Array;
}

/** Opens both folders. The pairs folder has LFW's `pairs.txt` and one folder for each person. */
export async function openFaceImages(folders: {
  readonly train: string;
  readonly pairs: string;
}): Promise<FaceImages> {
  const train = await openImageFolder(folders.train);
  const others = await openImageFolder(folders.pairs);
  const list = await readFrom(join(folders.pairs, 'pairs.txt'), readLfwPairs);
  const trainPeople = train.classNames.length;
  const rowOf = new Map(others.paths.map((path, row) => [path, train.size + row]));
  const pairs = Uint32Array.from(
    list.first.flatMap((first, pair) => [first, list.second[pair]!]),
    (path) => rowOf.get(path)!,
  );
  return {
    train,
    others,
    labels: Int32Array.from([...train.labels, ...Array.from(others.labels, (label) => trainPeople + label)]),
    trainPeople,
    pairs,
    isSame: Uint8Array.from(list.isSame),
  };
}

/** Returns the frozen network's features of all images; computed once and stored in `results`. */
export async function loadFaceFeatures(
  { train, others }: FaceImages,
  options: { readonly results: string; readonly openBackbone: () => Promise<Backbone> },
): Promise<Features> {
  const [first, second] = await loadOrComputeFeatures(options, [
    { name: 'faceres-train', source: train },
    { name: 'faceres-people', source: others },
  ]);
  const values = new Float32Array(first!.values.length + second!.values.length);
  values.set(first!.values);
  values.set(second!.values, first!.values.length);
  return { values, size: first!.size };
}

/** Returns some rows of a matrix. */
export function selectRows({ values, size }: Features, rows: readonly number[]): Features {
  const selected = new Float32Array(rows.length * size);
  for (const [place, row] of rows.entries()) {
    selected.set(values.subarray(row * size, (row + 1) * size), place * size);
  }
  return { values: selected, size };
}

/** Returns the rows of each person. */
export function rowsByPerson(labels: ArrayLike<number>): ReadonlyMap<number, readonly number[]> {
  const rows = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const own = rows.get(labels[row]!);
    if (own) own.push(row);
    else rows.set(labels[row]!, [row]);
  }
  return rows;
}
