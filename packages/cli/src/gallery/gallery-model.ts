import type { FaceCrop } from '@openset/core';
import { type Comparison, type FixedFacts, type GalleryFacts, requireSameFacts } from '@openset/gallery';
import { isPretrainedWord } from '@openset/pretrained';
import { type GivenThreshold, modelFingerprint } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { type EngineChoice, resolveEngine } from '../engine/engine-choice.ts';
import { defaultCrop } from '../faces/choose-alignment.ts';
import { pathStatus } from '../files/paths.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { chooseModel } from '../model/choose-model.ts';
import { findModelFile, type LoadedModel, loadModel, readingFor } from '../model/load-model.ts';
import type { Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';

/**
 * Returns the model for a gallery: the given one, otherwise the one that the gallery names, if it is a pretrained network or a file
 * that exists, which it notes. Otherwise that of `chooseModel`.
 * @param given value of `--model`
 * @param where the gallery, for the note
 * @param facts null for a gallery that is created
 */
export async function chooseGalleryModel(
  given: string | undefined,
  where: string,
  facts: GalleryFacts | null,
  output: Output,
): Promise<string> {
  const name = facts?.model.name;
  if (given !== undefined || name === undefined || !(await isModel(name))) return chooseModel(given, output);
  output.note(`model: ${name}, as the gallery ${where}`);
  return name;
}

/** Whether a name leads to a model: a pretrained network, a file or the folder of a run. */
export async function isModel(name: string): Promise<boolean> {
  return isPretrainedWord(name) || (await pathStatus(await findModelFile(name))) !== null;
}

/**
 * Returns the facts of a gallery of a model.
 * @param name of the model, for messages
 */
export async function galleryFacts(
  { description, backbone }: Pick<LoadedModel, 'description' | 'backbone'>,
  name: string,
  crop: FaceCrop | null,
  comparison: Comparison,
): Promise<FixedFacts> {
  const state = backbone.getState();
  try {
    const fingerprint = await modelFingerprint(description, state);
    return { model: { fingerprint, name }, embeddingSize: backbone.embeddingSize, crop, comparison };
  } finally {
    tf.dispose(state);
  }
}

/**
 * Returns which part of a face the embeddings of a gallery show: that of the model, or of five points with `--align`. Images that are
 * taken whole with `--no-align` are such crops already.
 * @param facts null for a gallery that is created
 */
export function galleryCrop(
  model: Pick<LoadedModel, 'description'>,
  { align }: Pick<ImageReading, 'align'>,
  facts: Pick<GalleryFacts, 'crop'> | null,
): FaceCrop | null {
  const own = model.description.crop ?? null;
  if (own !== null || align) return own ?? defaultCrop;
  return facts?.crop ?? null;
}

/** Returns how photos are read for a gallery: cropped as its photos, or taken whole with `--no-align`. */
export function galleryReading<Reading extends ImageReading>(
  model: Pick<LoadedModel, 'description'>,
  options: Reading,
  crop: FaceCrop | null,
): Reading {
  return { ...readingFor(model, options), crop, align: options.align === false ? false : crop !== null };
}

/**
 * Checks that a gallery was made with a model.
 * @param where name of the gallery for messages
 * @param name of the model
 * @throws DataError that names both models if it was made with another, or with other crops
 */
export async function requireGalleryModel(
  where: string,
  facts: GalleryFacts,
  model: LoadedModel,
  name: string,
  { align }: Pick<ImageReading, 'align'>,
  comparison?: Comparison,
): Promise<void> {
  const crop = galleryCrop(model, { align }, facts);
  const own = await galleryFacts(model, name, crop, facts.comparison);
  requireSameFacts(`'${where}'`, facts, { ...own, comparison });
}

/** How the model of a gallery is chosen and run. */
export interface GalleryModelOptions extends EngineChoice, Pick<ImageReading, 'align'> {
  /** Default: that of the gallery, else as `chooseModel`. */
  readonly model?: string | undefined;
  readonly threshold?: GivenThreshold | undefined;
}

/**
 * Loads the model of a gallery onto the backend, which it starts. The caller disposes of it.
 * @param where name of the gallery for messages
 * @param images number of images to embed on the engine that the options choose; default: the backend embeds
 * @throws DataError if there is no model, or if it is not that of the gallery
 */
export async function loadGalleryModel(
  facts: GalleryFacts,
  where: string,
  options: GalleryModelOptions,
  output: Output,
  images?: number,
): Promise<LoadedModel> {
  const name = await chooseGalleryModel(options.model, where, facts, output);
  const running = await startBackend(options, output);
  const request = images === undefined ? undefined : { ...resolveEngine(options), running, images, output };
  const model = await loadModel(name, options.threshold, request);
  try {
    await requireGalleryModel(where, facts, model, name, options);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}
