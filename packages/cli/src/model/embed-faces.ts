import { DataError, type FaceCrop } from '@openset/core';
import { type BadRecord, type ImageSource, type PixelImage, subsetSource } from '@openset/data';
import type { Face, FaceSelection } from '@openset/faces';
import type { Verifier } from '@openset/verify';
import { type ProbeCropping, photoCrop } from '../faces/choose-alignment.ts';
import { noFaceError } from '../faces/crop-source.ts';
import { tooSmallError, tooSmallReason } from '../faces/face-size.ts';
import { type FaceTools, loadFaceTools } from '../faces/face-tools.ts';
import { facesOf } from '../faces/find-faces.ts';
import { openPhoto, type Photo } from '../faces/photo.ts';
import { type BadImage, skipBadImages } from '../images/bad-image.ts';
import { imageName } from '../images/image-name.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { prefetch } from '../images/prefetch.ts';
import { watchTurns } from '../images/turned-images.ts';
import type { Output } from '../output.ts';
import { embedCrops } from './embed-crops.ts';
import { embedReadable, inputSize } from './embed-images.ts';
import { type EmbeddingRows, joinRows } from './embeddings.ts';

/** What an embedding shows. */
export interface EmbeddedFace {
  /** Index of the photo. */
  readonly photo: number;
  /** The face, in pixels of the upright photo; null if the image was taken whole. */
  readonly face: Face | null;
  /** Number of faces found on the photo, without small ones if only the largest is selected; null if the image was taken whole. */
  readonly faceCount: number | null;
}

/** Embeddings of the faces of photos. */
export interface FaceEmbeddings extends EmbeddingRows {
  /** What each row shows, in the order of the photos; those that are taken whole come last. */
  readonly rows: readonly EmbeddedFace[];
  /** Photos that were skipped. */
  readonly skipped: readonly BadImage[];
}

/** Number of crops that are embedded at a time. */
const cropsInChunk = 32;
/** Number of photos that are decoded while faces are searched for on another one. */
const photosAhead = 4;

/**
 * Embeds the selected faces of photos: those of probes, and of the photos that `verify` compares. Takes images whole if the model
 * states no crop or with `--no-align`, as `photoCrop`.
 * @param isWhole returns whether a photo is a crop already, which is taken whole; default: none is
 * @throws BadImagesError for photos that cannot be read, have no face, or whose selected face is too small to recognise (not with
 *   `'all'`), all of them, as `skipBadImages`
 */
export async function embedFaces(
  verifier: Verifier,
  photos: ImageSource,
  selection: FaceSelection,
  output: Output,
  reading: ImageReading,
  isWhole: ProbeCropping['isWhole'] = null,
): Promise<FaceEmbeddings> {
  const { badRecords, ...faces } = await embedUsableFaces(
    verifier,
    photos,
    selection,
    output,
    reading,
    isWhole,
  );
  return { ...faces, skipped: skipBadImages(badRecords, photos.size, reading) };
}

/** Embeddings of the faces of photos, and the photos that cannot be used. */
export interface UsableFaces extends Omit<FaceEmbeddings, 'skipped'> {
  readonly badRecords: readonly FailedPhoto[];
}

/** A photo that cannot be used. */
export type FailedPhoto = Omit<BadRecord, 'count'>;

/** Embeds faces as `embedFaces`, and returns the photos that cannot be used instead of an error. */
export async function embedUsableFaces(
  verifier: Verifier,
  photos: ImageSource,
  selection: FaceSelection,
  output: Output,
  reading: ImageReading,
  isWhole: ProbeCropping['isWhole'] = null,
): Promise<UsableFaces> {
  const crop = photoCrop(reading);
  if (crop === null) return embedWhole(verifier, photos, output, reading);
  const input = inputSize(verifier);
  const { source, turns } = watchTurns(photos, reading);
  // The first photos are decoded while the detector loads.
  const loadedTools = loadFaceTools();
  // The loop awaits them later; until then a rejection must not count as unhandled.
  loadedTools.catch(() => {});
  const opened = prefetch(photos.size, photosAhead, (index) => open(source, index, reading));
  const counter = output.counter('photos');
  const rows: EmbeddedFace[] = [];
  const embeddings: Float32Array[] = [];
  const badRecords: FailedPhoto[] = [];
  const whole: number[] = [];
  let crops: PixelImage[] = [];
  const embedNext = async () => {
    embeddings.push(...(await embedCrops(verifier, crops, input)));
    crops = [];
  };
  let photo = 0;
  for await (const result of opened) {
    const tools = await loadedTools;
    try {
      if (result instanceof DataError) throw result;
      const size = Math.max(input.height, input.width);
      const found = await cropFaces(result, { crop, size, selection, tools, isWhole });
      if (found.crops === null) whole.push(photo);
      else crops.push(...found.crops);
      rows.push(...found.faces.map((face) => ({ photo, face, faceCount: found.faceCount })));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      const { problem: reason, advice } = error;
      badRecords.push({
        index: photo,
        origin: imageName(photos, photo),
        reason,
        ...(advice ? { advice } : {}),
      });
    }
    photo += 1;
    counter.update(photo, photos.size);
    if (crops.length >= cropsInChunk) await embedNext();
  }
  if (crops.length > 0) await embedNext();
  turns.note(output);
  if (whole.length > 0) {
    const taken = await embedWhole(verifier, subsetSource(photos, whole), output, reading);
    embeddings.push(...taken.rows.map((_, row) => taken.row(row)));
    rows.push(...taken.rows.map((row) => ({ ...row, photo: whole[row.photo]! })));
    badRecords.push(...taken.badRecords.map((bad) => ({ ...bad, index: whole[bad.index]! })));
  }
  return { ...joinRows(embeddings, verifier.backbone.embeddingSize), rows, badRecords };
}

/** Embeds photos whole. A few of them are not worth a cache. */
async function embedWhole(
  verifier: Verifier,
  photos: ImageSource,
  output: Output,
  reading: ImageReading,
): Promise<UsableFaces> {
  const { indices, ...embeddings } = await embedReadable(verifier, photos, output, {
    ...reading,
    align: false,
  });
  const rows = Array.from(indices, (photo) => ({ photo, face: null, faceCount: null }));
  return { ...embeddings, rows };
}

/** A decoded photo. */
interface OpenedPhoto {
  readonly photo: Photo;
  readonly origin: string;
}

/** Decodes a photo. Returns the error of one that cannot be read. */
async function open(
  source: ImageSource,
  index: number,
  reading: ImageReading,
): Promise<OpenedPhoto | DataError> {
  try {
    const record = await source.get(index);
    return { photo: await openPhoto(record, reading), origin: record.origin };
  } catch (error) {
    if (error instanceof DataError) return error;
    throw error;
  }
}

/** How the faces of a photo are cropped. */
interface FaceSettings {
  readonly crop: FaceCrop;
  /** Height and width of the crops in pixels. */
  readonly size: number;
  readonly selection: FaceSelection;
  readonly tools: FaceTools;
  readonly isWhole: ProbeCropping['isWhole'];
}

/**
 * Returns the selected faces and their crops; null crops for a photo that is taken whole.
 * @throws DataError if there is no face, or if the selected one is too small
 */
async function cropFaces({ photo, origin }: OpenedPhoto, settings: FaceSettings) {
  const { crop, size, selection, tools, isWhole } = settings;
  const need = selection === 'largest' ? 'largest' : 'all';
  const found = await facesOf(photo, tools, { need });
  if (isWhole?.(found.select('largest')[0] ?? null, found))
    return { crops: null, faces: [], faceCount: null };
  const faces = found.select(selection);
  if (faces.length === 0) throw noFaceError(origin);
  const reason = selection === 'all' ? null : tooSmallReason(faces[0]!);
  if (reason !== null) throw tooSmallError(origin, reason);
  const crops: PixelImage[] = [];
  for (const face of faces) crops.push(await found.crop(face, crop, size));
  return { crops, faces, faceCount: found.faces.length };
}
