import type { FaceCrop } from '@openset/core';
import type { ImageSource, PixelImage } from '@openset/data';
import { decodeImage } from '@openset/data/node';
import { cropFace, type FaceDetector, selectFaces } from '@openset/faces';
import type { Verifier } from '@openset/verify';
import * as tf from '@tensorflow/tfjs';
import { reuseResult } from '../reuse-result.ts';

/** Embeddings of the photos on which a face was found. */
export interface EmbeddedPhotos {
  /** `[rows, size]` row-major, each row of unit length. */
  readonly values: Float32Array;
  readonly size: number;
  /** `[rows]`: index of the photo of each row, ascending. */
  readonly indices: Int32Array;
}

/** The networks that embed a photo. */
export interface FaceNetworks {
  readonly detector: FaceDetector;
  readonly verifier: Verifier;
  readonly crop: FaceCrop;
}

/** Number of photos whose embeddings are stored together: an interrupted study loses at most these. */
const chunkSize = 50;

/**
 * Embeds the largest face of each photo, as `openset embed` does. Stores each chunk of photos in a folder, and reads what is there.
 * @param photos indices of photos in `source`
 * @param openNetworks called only if embeddings are missing
 */
export async function embedPhotos(
  { results, name, key }: { readonly results: string; readonly name: string; readonly key: unknown },
  source: ImageSource,
  photos: readonly number[],
  openNetworks: () => Promise<FaceNetworks>,
): Promise<EmbeddedPhotos> {
  const chunks: EmbeddedPhotos[] = [];
  for (let start = 0; start < photos.length; start += chunkSize) {
    const part = photos.slice(start, start + chunkSize);
    const { values, size, indices } = await reuseResult(
      results,
      `${name}-${start / chunkSize}`,
      { key, part },
      async () => {
        const chunk = await embedChunk(source, part, await openNetworks());
        console.error(`${name}: ${start + part.length} of ${photos.length} photos`);
        return {
          size: chunk.size,
          values: Buffer.from(chunk.values.buffer).toString('base64'),
          indices: [...chunk.indices],
        };
      },
    );
    chunks.push({
      size,
      values: new Float32Array(Uint8Array.from(Buffer.from(values, 'base64')).buffer),
      indices: Int32Array.from(indices),
    });
  }
  return joinChunks(chunks);
}

async function embedChunk(
  source: ImageSource,
  photos: readonly number[],
  { detector, verifier, crop }: FaceNetworks,
): Promise<EmbeddedPhotos> {
  const [side] = verifier.backbone.inputShape;
  const rows: Float32Array[] = [];
  const indices: number[] = [];
  for (const photo of photos) {
    const { bytes, origin } = await source.get(photo);
    const image = await decodeImage(bytes, { channels: 3, fit: 'none', origin });
    const [face] = selectFaces(await detector.detect(image), image, 'largest');
    if (!face) continue;
    const tensor = toTensor(cropFace(image, face, crop, side!));
    rows.push(...(await verifier.embed(tensor)));
    tensor.dispose();
    indices.push(photo);
  }
  const size = verifier.backbone.embeddingSize;
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, index) => {
    values.set(row, index * size);
  });
  return { values, size, indices: Int32Array.from(indices) };
}

/** Returns an image as `[1, height, width, channels]` with values from −1 to 1. */
function toTensor({ data, height, width, channels }: PixelImage): tf.Tensor4D {
  return tf.tensor4d(
    Float32Array.from(data, (value) => value / 127.5 - 1),
    [1, height, width, channels],
  );
}

function joinChunks(chunks: readonly EmbeddedPhotos[]): EmbeddedPhotos {
  const size = chunks[0]?.size ?? 0;
  const values = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.values.length, 0));
  let place = 0;
  for (const chunk of chunks) {
    values.set(chunk.values, place);
    place += chunk.values.length;
  }
  return { values, size, indices: Int32Array.from(chunks.flatMap(({ indices }) => [...indices])) };
}
