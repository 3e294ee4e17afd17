import { ConfigError, DataError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import {
  type Comparison,
  checkPersonName,
  type Gallery,
  type JsonObject,
  MemoryGallery,
} from '@openset/gallery';
import { exitCodes } from '../exit-codes.ts';
import { checkOutputFile } from '../files/check-output.ts';
import { pathStatus } from '../files/paths.ts';
import { enrollPeople, type PersonPhotos } from '../gallery/enroll-people.ts';
import { type EnrollResult, enrollmentText, photoTotals } from '../gallery/enroll-result.ts';
import {
  chooseGalleryModel,
  galleryCrop,
  galleryFacts,
  galleryReading,
  requireGalleryModel,
} from '../gallery/gallery-model.ts';
import { placeText } from '../gallery/gallery-place.ts';
import { createStore, openStore, requireStorePlace } from '../gallery/open-gallery.ts';
import { openImagePaths } from '../images/image-files.ts';
import type { Decoding, ImageReading } from '../images/image-reading.ts';
import { openImages } from '../images/open-images.ts';
import { loadModel } from '../model/load-model.ts';
import type { CommandResult, Output } from '../output.ts';
import { type BackendChoice, startBackend } from '../start-backend.ts';

/** Options of `openset enroll`. */
export interface EnrollOptions extends BackendChoice, Decoding, Pick<ImageReading, 'align'> {
  /** Name of the person; excludes `data`. */
  readonly name?: string | undefined;
  /** Photos of the person: images and folders of images. */
  readonly photos?: readonly string[] | undefined;
  /** Labelled images of many people. */
  readonly data?: string | undefined;
  /** File or address of the gallery; default: `defaultGallery`. */
  readonly gallery?: string | undefined;
  /** Model; default: that of the gallery, else as `chooseModel`. */
  readonly model?: string | undefined;
  /** How the gallery compares; default: as it does, `'mean'` for a new one. */
  readonly compare?: Comparison | undefined;
  /** Replaces the metadata of the person. */
  readonly metadata?: JsonObject | undefined;
  /** Whether nothing of a person with a warning is enrolled. */
  readonly strict?: boolean | undefined;
  /** Aborted to stop after the person whose photos are enrolled. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Adds the largest face of each photo to a person of a gallery, or to many people. Creates the gallery if there is none.
 * @returns exit code 0 if all photos are in the gallery, 1 if one was refused, 130 if stopped
 * @throws OpenSetError for a gallery, a model or images that cannot be used; nothing is written then
 */
export async function enroll(options: EnrollOptions, output: Output): Promise<CommandResult<EnrollResult>> {
  await checkOptions(options);
  const place = await requireStorePlace(options.gallery);
  const where = placeText(place);
  const { source, people } = await openPeople(options, output);
  const existing = await openStore(place);
  let gallery: Gallery | null = existing;
  try {
    if (!existing && place.kind === 'sqlite') await checkOutputFile(place.path);
    const name = await chooseGalleryModel(options.model, where, existing?.facts ?? null, output);
    await startBackend(options, output);
    const model = await loadModel(name);
    try {
      const { compare, signal } = options;
      if (existing) await requireGalleryModel(where, existing.facts, model, name, options, compare);
      const crop = galleryCrop(model, options, existing?.facts ?? null);
      const facts = existing?.facts ?? (await galleryFacts(model, name, crop, compare ?? 'mean'));
      const empty = new MemoryGallery(facts);
      const done = await enrollPeople(source, people, {
        store: {
          get current() {
            return gallery ?? empty;
          },
          async create() {
            gallery ??= await createStore(place, facts);
            return gallery;
          },
        },
        ...{ model, output, signal, metadata: options.metadata, isStrict: options.strict ?? false },
        reading: galleryReading(model, options, facts.crop),
      });
      const count = await (gallery ?? empty).count();
      const { model: maker, comparison } = facts;
      const data = {
        ...{ gallery: where, model: maker, comparison },
        ...{ ...photoTotals(done), people: done },
        stopped: done.length < people.length,
      };
      return {
        data,
        text: enrollmentText(data, { count, isNew: existing === null, wanted: people.length }),
        exitCode: exitCodeOf(data),
      };
    } finally {
      model.dispose();
    }
  } finally {
    await Promise.all([source.close(), (gallery as Gallery | null)?.close()]);
  }
}

async function checkOptions({ name, photos = [], data, metadata }: EnrollOptions): Promise<void> {
  if (data !== undefined && (name !== undefined || photos.length > 0)) {
    throw new ConfigError(
      '--data has the names and the photos of many people: remove it, or remove the name.',
    );
  }
  if (data !== undefined && metadata !== undefined) {
    throw new ConfigError('--metadata belongs to one person: give a name and photos instead of --data.');
  }
  if (data !== undefined) return;
  if (name === undefined) {
    throw new ConfigError(
      "Nobody to enroll: give a name and photos, as in 'openset enroll Ada ada.jpg', or people with --data FOLDER.",
    );
  }
  checkPersonName(name);
  if (photos.length > 0) return;
  const isFolder = (await pathStatus(name))?.isDirectory();
  throw new ConfigError(
    `No photos of '${name}': name images or folders of images after the name.` +
      (isFolder ? ` --data ${name} enrolls the people of that folder.` : ''),
  );
}

/**
 * Opens the photos, and lists the people in the order of their names.
 * @throws DataError for a name that a gallery cannot keep
 */
async function openPeople(
  { name, photos = [], data }: EnrollOptions,
  output: Output,
): Promise<{ readonly source: ImageSource; readonly people: readonly PersonPhotos[] }> {
  if (data === undefined) {
    const source = await openImagePaths(photos, output);
    return { source, people: [{ name: checkPersonName(name!), photos: [...source.paths.keys()] }] };
  }
  const source = await openImages(data, output);
  const byLabel = source.classNames.map((): number[] => []);
  source.labels.forEach((label, index) => {
    byLabel[label]?.push(index);
  });
  try {
    const people = source.classNames.map((each, label) => ({
      name: checkPersonName(each),
      photos: byLabel[label]!,
    }));
    return { source, people: people.filter((person) => person.photos.length > 0) };
  } catch (error) {
    await source.close();
    throw error instanceof DataError ? new DataError(`${data}: ${error.problem}`, { cause: error }) : error;
  }
}

function exitCodeOf({ stopped, refused }: EnrollResult): number {
  if (stopped) return exitCodes.interrupted;
  return refused > 0 ? exitCodes.no : exitCodes.success;
}
