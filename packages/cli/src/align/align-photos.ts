import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '@openset/core';
import type { PixelImage } from '@openset/data';
import type { FaceTools } from '../faces/face-tools.ts';
import { facesOf } from '../faces/find-faces.ts';
import { openPhoto, type Photo } from '../faces/photo.ts';
import { pathStatus } from '../files/paths.ts';
import { writeAtomically } from '../files/write-file.ts';
import { withoutOrigin } from '../images/bad-image.ts';
import { contentHash } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import { prefetch } from '../images/prefetch.ts';
import type { Output } from '../output.ts';
import type { AlignedFace, AlignedPhoto, AlignJournal, AlignSettings, Reject } from './align-journal.ts';
import { cropName, cropStems } from './crop-names.ts';
import { encodePng } from './encode-png.ts';
import { describeFace, judgeFaces } from './judge-faces.ts';
import type { Photos } from './open-photos.ts';

/** Number of photos that are read and decoded at the same time, and of photos whose crops are being written. */
const photosAhead = 4;

/** How photos are aligned. */
export interface Alignment {
  /** Folder of the crops. */
  readonly out: string;
  readonly settings: AlignSettings;
  readonly journal: AlignJournal;
  readonly tools: FaceTools;
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

/** A photo that was read, and decoded if it is new. */
type LoadedPhoto =
  | { readonly kind: 'kept' }
  | { readonly kind: 'bad'; readonly hash: string | null; readonly reason: string }
  | { readonly kind: 'new'; readonly hash: string; readonly photo: Photo };

/**
 * Crops the faces of photos and writes the crops. Photos that the journal has with the same content are not searched again, unless
 * crops are missing. While this thread searches one photo, other threads decode the next ones and write earlier crops.
 */
export async function alignPhotos(
  { source, names }: Pick<Photos, 'source' | 'names'>,
  { out, settings, journal, tools, output, signal }: Alignment,
): Promise<AlignProgress> {
  const stems = cropStems(names);
  const counter = output.counter('photos', { showsRate: true });
  const folders = new Map<string, Promise<unknown>>();
  const writing = new Set<Promise<void>>();
  let failure: unknown;
  let [done, kept] = [0, 0];

  const load = async (index: number): Promise<LoadedPhoto> => {
    let hash: string | null = null;
    try {
      const record = await source.get(index);
      hash = contentHash(record.bytes);
      const earlier = journal.find(names[index]!);
      if (earlier?.hash === hash && (await hasCrops(earlier, out))) return { kind: 'kept' };
      return { kind: 'new', hash, photo: await openPhoto(record, settings) };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { kind: 'bad', hash, reason: withoutOrigin(error.problem, imageName(source, index)) };
    }
  };
  const write = async (photo: AlignedPhoto, crops: readonly PixelImage[]) => {
    for (const [index, { file }] of photo.faces.entries()) {
      const path = join(out, file);
      const folder = dirname(path);
      if (!folders.has(folder)) folders.set(folder, mkdir(folder, { recursive: true }));
      await folders.get(folder);
      await writeAtomically(path, await encodePng(crops[index]!));
    }
    const files = new Set(photo.faces.map(({ file }) => file));
    for (const { file } of journal.find(photo.name)?.faces ?? []) {
      if (!files.has(file)) await rm(join(out, file), { force: true });
    }
    await journal.add(photo);
  };

  let index = 0;
  for await (const loaded of prefetch(source.size, photosAhead, load)) {
    const name = names[index]!;
    if (loaded.kind === 'kept') kept += 1;
    else {
      const { photo, crops } = await alignPhoto(loaded, name, stems[index]!);
      while (writing.size >= photosAhead) await Promise.race(writing);
      const written: Promise<void> = write(photo, crops)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => writing.delete(written));
      writing.add(written);
    }
    index += 1;
    done += 1;
    counter.update(done, source.size);
    if (failure !== undefined || signal?.aborted) break;
  }
  await Promise.all(writing);
  if (failure !== undefined) throw failure;
  return { done, kept };

  async function alignPhoto(loaded: Exclude<LoadedPhoto, { kind: 'kept' }>, name: string, stem: string) {
    const { hash } = loaded;
    if (loaded.kind === 'bad') {
      const rejects: Reject[] = [{ kind: 'unreadable', reason: loaded.reason }];
      return { photo: { name, hash, faces: [], rejects }, crops: [] };
    }
    const found = await facesOf(loaded.photo, tools);
    const { accepted, rejects } = judgeFaces(found, settings);
    const crops: PixelImage[] = [];
    const faces: AlignedFace[] = [];
    for (const [place, face] of accepted.entries()) {
      crops.push(await found.crop(face, settings.crop, settings.size));
      faces.push(describeFace(face, cropName(stem, place)));
    }
    return { photo: { name, hash, faces, rejects }, crops };
  }
}

/** Whether all crops of a photo are still there. */
async function hasCrops({ faces }: AlignedPhoto, out: string): Promise<boolean> {
  const found = await Promise.all(faces.map(({ file }) => pathStatus(join(out, file))));
  return found.every((status) => status !== null);
}
