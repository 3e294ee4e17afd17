import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '@openset/core';
import { pathStatus } from '../files/paths.ts';
import { writeAtomically } from '../files/write-file.ts';
import { contentHash } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import { prefetch } from '../images/prefetch.ts';
import type { Output } from '../output.ts';
import type { AlignedPhoto, AlignJournal } from './align-journal.ts';
import { type PhotoCrops, unreadablePhoto } from './align-photo.ts';
import { cropStems } from './crop-names.ts';
import type { Photos } from './open-photos.ts';
import type { PhotoAligner } from './photo-aligner.ts';

/** Number of photos whose crops are being written at the same time. */
const photosWritten = 4;

/** How photos are aligned. */
export interface Alignment {
  /** Folder of the crops. */
  readonly out: string;
  readonly journal: AlignJournal;
  readonly aligner: PhotoAligner;
  readonly output: Output;
  /** Aborted to stop after the current photo. */
  readonly signal?: AbortSignal | undefined;
}

/** Counts of an alignment. */
export interface AlignProgress {
  /** Number of photos with an entry in the journal. */
  readonly done: number;
  /** Number of photos that were aligned earlier and have not changed. */
  readonly kept: number;
}

/**
 * Crops the faces of photos and writes the crops. Photos that the journal has with the same content are not searched again, unless
 * crops are missing. The aligner works on several photos at a time; the journal gets them in order.
 */
export async function alignPhotos(
  { source, names }: Pick<Photos, 'source' | 'names'>,
  { out, journal, aligner, output, signal }: Alignment,
): Promise<AlignProgress> {
  const stems = cropStems(names);
  const counter = output.counter('photos', { showsRate: true });
  const folders = new Map<string, Promise<unknown>>();
  const writing: Promise<unknown>[] = [];
  let journaled: Promise<unknown> = Promise.resolve();
  let [done, kept] = [0, 0];

  /** Returns null for a photo that was aligned earlier. */
  const load = async (index: number): Promise<PhotoCrops | null> => {
    const name = names[index]!;
    try {
      const record = await source.get(index);
      const hash = contentHash(record.bytes);
      const earlier = journal.find(name);
      if (earlier?.hash === hash && (await hasCrops(earlier, out))) return null;
      return await aligner.align({ name, stem: stems[index]!, hash, record });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return unreadablePhoto(name, null, error, imageName(source, index));
    }
  };
  const writeCrops = async ({ photo, crops }: PhotoCrops) => {
    for (const [index, { file }] of photo.faces.entries()) {
      const path = join(out, file);
      const folder = dirname(path);
      if (!folders.has(folder)) folders.set(folder, mkdir(folder, { recursive: true }));
      await folders.get(folder);
      await writeAtomically(path, crops[index]!);
    }
    const files = new Set(photo.faces.map(({ file }) => file));
    for (const { file } of journal.find(photo.name)?.faces ?? []) {
      if (!files.has(file)) await rm(join(out, file), { force: true });
    }
  };
  const write = (crops: PhotoCrops) => {
    const earlier = journaled;
    const written = writeCrops(crops);
    journaled = Promise.all([written, earlier]).then(() => journal.add(crops.photo));
    // The loop awaits it later; until then a rejection must not count as unhandled.
    journaled.catch(() => {});
    writing.push(journaled);
  };

  try {
    for await (const crops of prefetch(source.size, aligner.parallel, load)) {
      if (crops === null) kept += 1;
      else {
        while (writing.length >= photosWritten) await writing.shift();
        write(crops);
      }
      done += 1;
      counter.update(done, source.size);
      if (signal?.aborted) break;
    }
  } finally {
    await Promise.allSettled(writing);
  }
  await journaled;
  return { done, kept };
}

/** Whether all crops of a photo are still there. */
async function hasCrops({ faces }: AlignedPhoto, out: string): Promise<boolean> {
  const found = await Promise.all(faces.map(({ file }) => pathStatus(join(out, file))));
  return found.every((status) => status !== null);
}
