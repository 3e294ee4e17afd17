import type { EmbeddingEngine, FaceCrop, SplitBackbone } from '@openset/core';
import type { ImageSource } from '@openset/data';
import type { ImageReading } from '../images/image-reading.ts';
import type { Output } from '../output.ts';
import { type OpenedFeatures, openFeatures } from './compute-features.ts';
import { faceCrops } from './feature-crops.ts';
import type { FeatureVariants } from './feature-source.ts';

/** The frozen part of the network of a run. */
export interface FrozenPart {
  readonly split: SplitBackbone;
  /** 2 if training mirrors images. */
  readonly variants: FeatureVariants;
  /** Computes the features in place of the network. */
  readonly engine?: EmbeddingEngine | null | undefined;
  /** Aborted to stop. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `loadFeatures`. */
export interface FeatureLoading {
  readonly reading: ImageReading;
  /** How faces are cropped; null if images are taken whole. */
  readonly crop: FaceCrop | null;
  readonly output: Output;
}

/** Returns the features of a set of a run, in place of its images. Faces are cropped if there is a crop. */
export async function loadFeatures(
  images: ImageSource,
  { split, variants, engine, signal }: FrozenPart,
  { reading, crop, output }: FeatureLoading,
): Promise<OpenedFeatures> {
  const size = Math.max(...split.inputShape.slice(0, 2).map(Number));
  const crops = crop === null ? undefined : await faceCrops(crop, size, reading);
  const { featureCache: cache } = reading;
  const opened = await openFeatures(images, split, {
    ...{ reading, cache, variants, engine, output, signal, crops },
  });
  opened.turns.note(output);
  crops?.noteSeveralFaces(output);
  return opened;
}
