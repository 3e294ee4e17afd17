import { DataError } from '@openset/core';
import type { ImageRecord } from '@openset/data';
import type { FaceTools } from '../faces/face-tools.ts';
import { facesOf } from '../faces/find-faces.ts';
import { openPhoto, type Photo } from '../faces/photo.ts';
import { withoutOrigin } from '../images/bad-image.ts';
import type { AlignedFace, AlignedPhoto, AlignSettings, Reject } from './align-journal.ts';
import { cropName } from './crop-names.ts';
import { encodePng } from './encode-png.ts';
import { describeFace, judgeFaces } from './judge-faces.ts';

/** A photo to align. Its fields can be sent to another thread. */
export interface PhotoTask {
  /** Relative path of the photo, with `/`. */
  readonly name: string;
  /** Path of its crops without the extension. */
  readonly stem: string;
  /** SHA-256 of the file. */
  readonly hash: string;
  readonly record: ImageRecord;
}

/** A photo that was aligned. */
export interface PhotoCrops {
  readonly photo: AlignedPhoto;
  /** PNG files, one for each face of the photo. */
  readonly crops: readonly Uint8Array[];
}

/** Decodes a photo, finds its faces, and crops those that the settings accept. A photo that cannot be decoded is a reject. */
export async function alignPhoto(
  { name, stem, hash, record }: PhotoTask,
  settings: AlignSettings,
  tools: FaceTools,
): Promise<PhotoCrops> {
  try {
    const photo = await openPhoto(record, settings);
    const { found, accepted, rejects } = await chooseFaces(photo, settings, tools);
    const crops: Uint8Array[] = [];
    const faces: AlignedFace[] = [];
    for (const [place, face] of accepted.entries()) {
      crops.push(await encodePng(await found.crop(face, settings.crop, settings.size)));
      faces.push(describeFace(face, cropName(stem, place)));
    }
    return { photo: { name, hash, faces, rejects }, crops };
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return unreadablePhoto(name, hash, error, record.origin);
  }
}

/** Returns the entry of a photo that cannot be read or decoded. */
export function unreadablePhoto(
  name: string,
  hash: string | null,
  error: DataError,
  origin: string,
): PhotoCrops {
  const rejects: Reject[] = [{ kind: 'unreadable', reason: withoutOrigin(error.problem, origin) }];
  return { photo: { name, hash, faces: [], rejects }, crops: [] };
}

/** Finds the faces of a photo and judges them. The search for the largest alone is faster, and decides if that face is accepted. */
async function chooseFaces(photo: Photo, settings: AlignSettings, tools: FaceTools) {
  if (settings.select === 'largest') {
    const found = await facesOf(photo, tools, { need: 'largest' });
    const judged = judgeFaces(found, settings);
    if (found.faces.length === 0 || judged.accepted[0] === found.select('largest')[0]) {
      return { found, ...judged };
    }
  }
  const found = await facesOf(photo, tools);
  return { found, ...judgeFaces(found, settings) };
}
