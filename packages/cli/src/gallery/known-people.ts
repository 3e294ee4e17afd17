import type { FaceCrop } from '@openset/core';
import { type Gallery, MemoryGallery, type NewEmbedding } from '@openset/gallery';
import type { GivenThreshold } from '@openset/verify';
import { type EngineChoice, resolveEngine } from '../engine/engine-choice.ts';
import { chooseAlignment } from '../faces/choose-alignment.ts';
import { loadFaceTools } from '../faces/face-tools.ts';
import { type BadImage, reportSkipped } from '../images/bad-image.ts';
import { hashImages } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import type { ImageReading } from '../images/image-reading.ts';
import { noteCopies } from '../images/note-copies.ts';
import { openImages } from '../images/open-images.ts';
import { chooseModel } from '../model/choose-model.ts';
import { embedImages } from '../model/embed-images.ts';
import { type LoadedModel, loadModel, readingFor } from '../model/load-model.ts';
import type { Output } from '../output.ts';
import { startBackend } from '../start-backend.ts';
import { defaultGallery } from './default-gallery.ts';
import { galleryCrop, galleryFacts, galleryReading, loadGalleryModel } from './gallery-model.ts';
import { findGalleryPlace } from './gallery-place.ts';
import { openExistingStore } from './open-gallery.ts';

/** What people are searched in, and with which model. */
export interface KnownPeopleOptions extends EngineChoice, ImageReading {
  /** File or address of a gallery, or the path of labelled images; default: `defaultGallery`. */
  readonly gallery?: string | undefined;
  /** Default: that of the gallery, else as `chooseModel`. */
  readonly model?: string | undefined;
  readonly threshold?: GivenThreshold | undefined;
}

/** Known people to search in, with the model of their embeddings. */
export interface KnownPeople {
  readonly gallery: Gallery;
  readonly model: LoadedModel;
  /** How the images of the people are cropped; null if they are taken whole. */
  readonly crop: FaceCrop | null;
  /** How probes are read. */
  readonly reading: ImageReading;
  /** Number of people without an image that can be read. */
  readonly missing: number;
  readonly skippedGalleryPictures: readonly BadImage[];
  /** Frees the model and closes the gallery. */
  close(): Promise<void>;
}

/**
 * Opens a gallery, or embeds labelled images as one, and loads its model.
 * @param probes number of photos that will be searched for
 * @throws DataError if there is no gallery, or if it was made with another model
 */
export async function openKnownPeople(
  options: KnownPeopleOptions,
  output: Output,
  probes: number,
): Promise<KnownPeople> {
  const place = await findGalleryPlace(options.gallery ?? defaultGallery);
  return place.kind === 'images'
    ? enrollImages(place.path, options, output, probes)
    : openStoredPeople(options, output, probes);
}

async function openStoredPeople(
  options: KnownPeopleOptions,
  output: Output,
  probes: number,
): Promise<KnownPeople> {
  const { gallery, where } = await openExistingStore(options.gallery, { readOnly: true });
  try {
    const model = await loadGalleryModel(gallery.facts, where, options, output, probes);
    const crop = galleryCrop(model, options, gallery.facts);
    const reading = galleryReading(model, options, crop);
    const close = async () => {
      model.dispose();
      await gallery.close();
    };
    return { gallery, model, crop, reading, missing: 0, skippedGalleryPictures: [], close };
  } catch (error) {
    await gallery.close();
    throw error;
  }
}

/** Embeds labelled images of one person each, whose largest face counts, as a gallery in memory. */
async function enrollImages(
  path: string,
  options: KnownPeopleOptions,
  output: Output,
  probes: number,
): Promise<KnownPeople> {
  const known = await openImages(path, output);
  try {
    const name = await chooseModel(options.model, output);
    const running = await startBackend(options, output);
    const request = { ...resolveEngine(options), running, images: known.size + probes, output };
    const model = await loadModel(name, options.threshold, request);
    try {
      const reading = readingFor(model, options);
      const { source: hashed, hashes } = hashImages(known);
      const crop = await chooseAlignment(known, reading, loadFaceTools, output);
      const enrolled = await embedImages(model.verifier, hashed, output, {
        ...reading,
        align: crop !== null,
      });
      noteCopies(hashes, known, path, output);
      const gallery = new MemoryGallery(await galleryFacts(model, name, crop, 'mean'));
      const byPerson = new Map<string, NewEmbedding[]>();
      enrolled.indices.forEach((index, row) => {
        const person = known.classNames[known.labels[index]!]!;
        const own = byPerson.get(person) ?? [];
        own.push({ values: enrolled.row(row), source: imageName(known, index) });
        byPerson.set(person, own);
      });
      for (const [person, own] of byPerson) await gallery.enroll(person, own);
      const missing = known.classNames.length - byPerson.size;
      const { skippedPictures } = reportSkipped(enrolled.skipped, output, 'the gallery');
      const close = async () => {
        model.dispose();
        await gallery.close();
      };
      return { gallery, model, crop, reading, missing, skippedGalleryPictures: skippedPictures, close };
    } catch (error) {
      model.dispose();
      throw error;
    }
  } finally {
    await known.close();
  }
}
