import type { FaceCrop } from '@openset/core';
import { type CropSource, cropSource } from '../faces/crop-source.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import type { ImageReading } from '../images/image-reading.ts';
import type { Output } from '../output.ts';
import type { FeatureCrops } from './compute-features.ts';

/** Crops of faces for `openFeatures`, and the note about them. */
export interface FaceCrops extends FeatureCrops {
  /** Notes how many of the photos that were searched have several faces. */
  noteSeveralFaces(output: Output): void;
}

/**
 * Returns how `openFeatures` crops the largest face of each image.
 * @param size height and width of the crops in pixels
 */
export async function faceCrops(crop: FaceCrop, size: number, reading: ImageReading): Promise<FaceCrops> {
  const tools = await loadFaceTools();
  const sources: CropSource[] = [];
  return {
    facts: { crop: JSON.stringify(crop), cropSize: size },
    crop(images) {
      const source = cropSource(images, { crop, size, reading, tools });
      sources.push(source);
      return source;
    },
    noteSeveralFaces(output) {
      for (const source of sources) source.noteSeveralFaces(output);
    },
  };
}
