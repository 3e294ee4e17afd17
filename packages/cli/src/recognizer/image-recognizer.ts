import { DataError, type FaceCrop } from '@openset/core';
import { limitConcurrency, type PixelImage, readImageHeader } from '@openset/data';
import { decodeImage } from '@openset/data/node';
import type { RecognizedFace, RecognizedImage } from '@openset/server';
import { count } from '../evaluation/texts.ts';
import { photoCrop } from '../faces/choose-alignment.ts';
import { tooSmallReason } from '../faces/face-size.ts';
import { type FaceTools, loadFaceTools } from '../faces/face-tools.ts';
import { facesOf } from '../faces/find-faces.ts';
import { openPhoto } from '../faces/photo.ts';
import { withoutOrigin } from '../images/bad-image.ts';
import { type Decoding, decodingOptions } from '../images/image-reading.ts';
import { embedCrops } from '../model/embed-crops.ts';
import { inputSize } from '../model/embed-images.ts';
import { type LoadedModel, readingFor } from '../model/load-model.ts';
import { type BatchOptions, batchCrops } from './batch-crops.ts';
import { checkImage, type Refusal, tooManyPixels } from './check-image.ts';

/** Limits on one image. */
export interface ImageLimits {
  /** Largest number of pixels. */
  readonly pixels: number;
  /** Largest number of faces that are recognised on an image. */
  readonly faces: number;
}

/** Options of `imageRecognizer`. */
export interface ImageRecognizerOptions {
  readonly limits: ImageLimits;
  readonly batch: BatchOptions;
  readonly decoding: Decoding;
  /** Loads the detector; called only if faces are searched for. */
  readonly loadTools?: typeof loadFaceTools;
}

/** What to do with an image. */
export interface ImageRequest {
  readonly select: 'largest' | 'all';
  /** As `RecognizeOptions.align`. */
  readonly align?: boolean | undefined;
  /** Returns whether nobody waits for the answer any more; asked before the image is decoded. */
  readonly isDropped?: () => boolean;
}

/** What was found on an image; null if it was dropped. */
export type ImageAnswer = { readonly image: RecognizedImage } | Refusal | null;

/** Recognises images on the active backend of this thread. */
export interface ImageRecognizer {
  /** Number of images that keep the thread busy: more only wait. */
  readonly parallel: number;
  recognize(bytes: Uint8Array, request: ImageRequest): Promise<ImageAnswer>;
}

/** Number of photos that are in memory: faces are searched on one while the other is decoded. */
const openImages = 2;
const origin = 'image';

/** A face that was cropped, with a null crop if it cannot be recognised. */
interface CroppedFace extends Omit<RecognizedFace, 'embedding'> {
  readonly crop: PixelImage | null;
}

/** An image whose faces were cropped. */
interface CroppedImage extends Omit<RecognizedImage, 'faces'> {
  readonly faces: readonly CroppedFace[];
}

/**
 * Returns a recognizer for images in memory. It finds the same faces and embeddings as `openset embed` and `identify`, and embeds the
 * crops of images that it is given at the same time together.
 * @param model on the active backend; the caller disposes of it
 */
export function imageRecognizer(model: LoadedModel, options: ImageRecognizerOptions): ImageRecognizer {
  const { limits, batch, loadTools = loadFaceTools } = options;
  const { verifier } = model;
  const reading = { ...readingFor(model, options.decoding), maxPixels: limits.pixels };
  const input = inputSize(verifier);
  const size = Math.max(input.height, input.width);
  let openCount = 0;
  const batcher = batchCrops(
    (crops) => embedCrops(verifier, crops, input),
    batch,
    () => openCount > 0,
  );

  const cropFaces = async (
    bytes: Uint8Array,
    crop: FaceCrop,
    select: ImageRequest['select'],
    tools: FaceTools,
  ): Promise<CroppedImage | Refusal> => {
    const photo = await openPhoto({ bytes, label: -1, origin }, reading);
    const found = await facesOf(photo, tools, { need: select });
    const selected = found.select(select);
    if (selected.length > limits.faces) {
      const problem = `The image has ${count(selected.length)} faces, more than the limit of ${count(limits.faces)}. Send a part of it.`;
      return { refused: 'too-many-faces', problem };
    }
    const faces: CroppedFace[] = [];
    for (const face of selected) {
      const { box, score } = face;
      const reason = tooSmallReason(face);
      faces.push({ box, score, reason, crop: reason === null ? await found.crop(face, crop, size) : null });
    }
    const left = ({ box }: CroppedFace) => box?.x ?? 0;
    return { height: found.height, width: found.width, faces: faces.sort((a, b) => left(a) - left(b)) };
  };
  const takeWhole = async (bytes: Uint8Array): Promise<CroppedImage> => {
    // As loaders decode images.
    const crop = await decodeImage(bytes, { ...decodingOptions(reading), ...input, origin });
    const faces = [{ box: null, score: null, reason: null, crop }];
    return { ...uprightSize(bytes, reading.orientation), faces };
  };
  const open = limitConcurrency(
    async ({ bytes, request }: { readonly bytes: Uint8Array; readonly request: ImageRequest }) => {
      if (request.isDropped?.()) return null;
      const crop = photoCrop({ ...reading, align: request.align });
      const tools = crop && (await loadTools());
      openCount += 1;
      try {
        return await (tools === null ? takeWhole(bytes) : cropFaces(bytes, crop!, request.select, tools));
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        return refusalOf(error, limits.pixels);
      } finally {
        openCount -= 1;
      }
    },
    openImages,
  );

  return {
    parallel: openImages + (photoCrop(reading) === null ? batch.size : 1),
    async recognize(bytes, request) {
      const opened = checkImage(bytes, limits.pixels) ?? (await open({ bytes, request }));
      if (opened === null || 'refused' in opened) return opened;
      const faces = opened.faces.map(async ({ crop, ...face }): Promise<RecognizedFace> => {
        const embedding = crop && (await batcher.embed(crop));
        return embedding instanceof DataError
          ? { ...face, reason: 'its embedding has no direction', embedding: null }
          : { ...face, embedding };
      });
      return { image: { height: opened.height, width: opened.width, faces: await Promise.all(faces) } };
    },
  };
}

/** Returns the size of an image whose header has been checked, in pixels. */
function uprightSize(bytes: Uint8Array, orientation: Decoding['orientation'] = 'exif') {
  const stored = readImageHeader(bytes)!;
  const isOnSide = orientation === 'exif' && stored.orientation >= 5;
  return isOnSide
    ? { height: stored.width, width: stored.height }
    : { height: stored.height, width: stored.width };
}

/** Returns the refusal of an image that cannot be decoded. */
function refusalOf(error: DataError, pixels: number): Refusal {
  // sharp finds another size than the header tells.
  if (/pixel limit/i.test(error.problem)) return tooManyPixels('more pixels than its header tells', pixels);
  const reason = withoutOrigin(error.problem, origin).replace(/\.?$/, '.');
  return { refused: 'damaged', problem: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}` };
}
