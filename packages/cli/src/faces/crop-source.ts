import { DataError, type FaceCrop } from '@openset/core';
import { type ImageSource, limitConcurrency } from '@openset/data';
import { counted } from '../evaluation/texts.ts';
import type { ImageReading } from '../images/image-reading.ts';
import type { Output } from '../output.ts';
import type { FaceTools } from './face-tools.ts';
import { findFaces } from './find-faces.ts';

/** Number of photos that are decoded at the same time; limits the memory. */
const concurrentPhotos = 4;

/** How faces are cropped. */
export interface Cropping {
  readonly crop: FaceCrop;
  /** Height and width of the crops in pixels. */
  readonly size: number;
  readonly reading: ImageReading;
  readonly tools: FaceTools;
}

/** A set of face crops. */
export interface CropSource extends ImageSource {
  /** Notes how many of the photos that were read have several faces. */
  noteSeveralFaces(output: Output): void;
}

/**
 * Returns a source of raw crops `[size, size, 3]`: of each photo the largest face. Nothing is kept, so a photo that is read twice
 * is searched twice. `get` rejects photos without a face.
 */
export function cropSource(source: ImageSource, { crop, size, reading, tools }: Cropping): CropSource {
  const several = new Set<number>();
  const cropImage = limitConcurrency(async (index) => {
    const record = await source.get(index);
    const photo = await findFaces(record, reading, tools, { need: 'largest' });
    const [face] = photo.select('largest');
    if (!face) throw noFaceError(record.origin);
    if (photo.faces.length > 1) several.add(index);
    const { data, height, width, channels } = await photo.crop(face, crop, size);
    return { ...record, bytes: data, raw: { height, width, channels } };
  }, concurrentPhotos);
  return {
    ...source,
    get: cropImage,
    close: () => source.close(),
    noteSeveralFaces(output) {
      if (several.size === 0) return;
      output.note(`several faces on ${counted(several.size, 'image')}: the largest is taken`);
    },
  };
}

/** Returns the error for a photo without a face. */
export function noFaceError(origin: string): DataError {
  return new DataError(`${origin}: no face found`, {
    advice: { option: 'align', text: 'Images that are crops of faces already need no alignment.' },
  });
}
