import { DataError, type FaceCrop } from '@openset/core';
import type { BadRecord, ImageRecord, ImageSource, PixelImage } from '@openset/data';
import { createLoader } from '@openset/data/node';
import type { Face, FaceSelection } from '@openset/faces';
import type { Verifier } from '@openset/verify';
import { photoCrop } from '../faces/choose-alignment.ts';
import { noFaceError } from '../faces/crop-source.ts';
import { tooSmallReason } from '../faces/face-size.ts';
import { type FaceTools, loadFaceTools } from '../faces/face-tools.ts';
import { findFaces } from '../faces/find-faces.ts';
import { type BadImage, skipBadImages } from '../images/bad-image.ts';
import { imageName } from '../images/image-name.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { watchTurns } from '../images/turned-images.ts';
import type { Output } from '../output.ts';
import { embedImages, inputSize } from './embed-images.ts';
import { type EmbeddingRows, joinRows } from './embeddings.ts';

/** What an embedding shows. */
export interface EmbeddedFace {
  /** Index of the photo. */
  readonly photo: number;
  /** The face, in pixels of the upright photo; null if the image was taken whole. */
  readonly face: Face | null;
  /** Number of all faces on the photo; null if the image was taken whole. */
  readonly faceCount: number | null;
}

/** Embeddings of the faces of photos. */
export interface FaceEmbeddings extends EmbeddingRows {
  /** What each row shows, in the order of the photos. */
  readonly rows: readonly EmbeddedFace[];
  /** Photos that were skipped. */
  readonly skipped: readonly BadImage[];
}

/** Number of photos whose crops are kept until they are embedded. */
const photosInChunk = 32;

/**
 * Embeds the selected faces of photos: those of probes, and of the photos that `verify` compares. Takes images whole if the model
 * states no crop or with `--no-align`, as `photoCrop`.
 * @throws BadImagesError for photos that cannot be read, have no face, or whose selected face is too small to recognise (not with
 *   `'all'`), all of them, as `skipBadImages`
 */
export async function embedFaces(
  verifier: Verifier,
  photos: ImageSource,
  selection: FaceSelection,
  output: Output,
  reading: ImageReading,
): Promise<FaceEmbeddings> {
  const crop = photoCrop(reading);
  if (crop === null) {
    // A few photos are not worth a cache.
    const whole = { ...reading, align: false, featureCache: 'off' };
    const embeddings = await embedImages(verifier, photos, output, whole);
    const { indices, ...rest } = embeddings;
    const rows = Array.from(indices, (photo) => ({ photo, face: null, faceCount: null }));
    return { ...rest, rows };
  }
  const tools = await loadFaceTools();
  const { height, width, channels } = inputSize(verifier);
  const { source, turns } = watchTurns(photos, reading);
  const settings = { crop, size: Math.max(height, width), selection, reading, tools };
  const counter = output.counter('photos');
  const rows: EmbeddedFace[] = [];
  const embeddings: Float32Array[] = [];
  const bad: Omit<BadRecord, 'count'>[] = [];
  for (let start = 0; start < photos.size; start += photosInChunk) {
    const crops: PixelImage[] = [];
    for (let photo = start; photo < Math.min(photos.size, start + photosInChunk); photo++) {
      try {
        const found = await cropPhoto(source, photo, settings);
        crops.push(...found.crops);
        rows.push(...found.rows);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        const { problem: reason, advice } = error;
        bad.push({ index: photo, origin: imageName(photos, photo), reason, ...(advice ? { advice } : {}) });
      }
      counter.update(photo, photos.size);
    }
    if (crops.length === 0) continue;
    const options = { height, width, channels, batchSize: 32, shuffle: false, workers: 0 };
    embeddings.push(...(await verifier.embedBatches(createLoader(rawSource(crops), options))));
  }
  counter.update(photos.size, photos.size);
  turns.note(output);
  const skipped = skipBadImages(bad, photos.size, reading);
  return { ...joinRows(embeddings, verifier.backbone.embeddingSize), rows, skipped };
}

/** How the faces of a photo are cropped. */
interface FaceSettings {
  readonly crop: FaceCrop;
  readonly size: number;
  readonly selection: FaceSelection;
  readonly reading: ImageReading;
  readonly tools: FaceTools;
}

/** @throws DataError if the photo cannot be read, has no face, or the selected face is too small */
async function cropPhoto(source: ImageSource, photo: number, settings: FaceSettings) {
  const { crop, size, selection, reading, tools } = settings;
  const record = await source.get(photo);
  const found = await findFaces(record, reading, tools);
  const faces = found.select(selection);
  if (faces.length === 0) throw noFaceError(record.origin);
  const reason = selection === 'all' ? null : tooSmallReason(faces[0]!);
  if (reason !== null) throw new DataError(`${record.origin}: ${reason}`);
  const crops: PixelImage[] = [];
  for (const face of faces) crops.push(await found.crop(face, crop, size));
  return { crops, rows: faces.map((face) => ({ photo, face, faceCount: found.faces.length })) };
}

/** Returns a source of raw images in memory. */
function rawSource(images: readonly PixelImage[]): ImageSource {
  return {
    size: images.length,
    classNames: [],
    labels: new Int32Array(images.length).fill(-1),
    async get(index): Promise<ImageRecord> {
      const { data, ...raw } = images[index]!;
      return { bytes: data, raw, label: -1, origin: `face ${index}` };
    },
    close: async () => {},
  };
}
