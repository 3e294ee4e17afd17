import { access, constants } from 'node:fs/promises';
import { ConfigError, DataError } from '@openset/core';
import { type FixedFacts, type Gallery, MissingGalleryError } from '@openset/gallery';
import { checkOutputFile } from '../files/check-output.ts';
import { pathStatus } from '../files/paths.ts';
import { defaultGallery } from './default-gallery.ts';
import { findGalleryPlace, galleryExtensions, placeText, type StorePlace } from './gallery-place.ts';

/** A gallery that is open. */
export interface OpenGallery {
  readonly gallery: Gallery;
  /** Its path, or its address without the password. */
  readonly where: string;
}

/** How a gallery is opened. */
interface OpenOptions {
  /** Whether nothing is written. */
  readonly readOnly?: boolean | undefined;
  /** Facts of the gallery that is created if there is none. */
  readonly create?: FixedFacts | undefined;
}

/**
 * Returns where a gallery that keeps people is, or is to be.
 * @param given value of `--gallery`; default: `defaultGallery`
 * @throws DataError for a folder or a file that is no gallery
 */
export async function requireStorePlace(given = defaultGallery): Promise<StorePlace> {
  const place = await findGalleryPlace(given);
  if (place.kind !== 'images') return place;
  const status = await pathStatus(given);
  const found = status?.isDirectory() ? 'is a folder' : 'is no gallery';
  throw new DataError(
    `'${given}' ${found}: this command needs a gallery file, whose name ends with ${galleryExtensions.join(', ')}, or an address ` +
      "postgres://… 'openset enroll --data FOLDER' makes one of a folder of people.",
  );
}

/**
 * Opens a gallery that keeps people.
 * @returns null if there is none yet
 * @throws DataError for a damaged gallery, or one of a newer version; ConfigError if the package of the store is not installed;
 *   StoreError if it cannot be read or reached
 */
export async function openStore(
  place: StorePlace,
  options: Omit<OpenOptions, 'create'> = {},
): Promise<Gallery | null> {
  // SQLite begins a gallery in an empty file, as an interrupted program may leave it.
  if (place.kind === 'sqlite' && !(await pathStatus(place.path))?.size) return null;
  try {
    return await openPlace(place, options);
  } catch (error) {
    if (error instanceof MissingGalleryError) return null;
    throw error;
  }
}

/** Opens a gallery, and creates it if there is none. @throws as `openStore`; DataError if it has other facts */
export async function createStore(place: StorePlace, facts: FixedFacts): Promise<Gallery> {
  if (place.kind === 'sqlite') await checkOutputFile(place.path);
  return openPlace(place, { create: facts });
}

/**
 * Opens a gallery that must exist.
 * @param given value of `--gallery`; default: `defaultGallery`
 * @param options `readOnly`: whether a file that cannot be written will do
 * @throws DataError if there is none, else as `openStore`
 */
export async function openExistingStore(
  given: string | undefined,
  { readOnly = false }: { readonly readOnly?: boolean } = {},
): Promise<OpenGallery> {
  const place = await requireStorePlace(given);
  const where = placeText(place);
  const isLocked = place.kind === 'sqlite' && !(await isWritable(place.path));
  const gallery = await openStore(place, { readOnly: readOnly && isLocked });
  if (gallery) return { gallery, where };
  throw new DataError(
    `There is no gallery '${where}'. 'openset enroll NAME PHOTOS' makes one; --gallery names another.`,
  );
}

async function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

async function openPlace(place: StorePlace, { create, readOnly }: OpenOptions): Promise<Gallery> {
  if (place.kind === 'sqlite') {
    const { openSqliteGallery } = await installed(
      '@openset/gallery-sqlite',
      () => import('@openset/gallery-sqlite'),
    );
    return openSqliteGallery(place.path, { create, readOnly });
  }
  const { openPostgresGallery } = await installed(
    '@openset/gallery-postgres',
    () => import('@openset/gallery-postgres'),
  );
  return openPostgresGallery(place.address, { create });
}

/** Imports the package of a store. @throws ConfigError with the install command if it is not installed */
async function installed<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes(name)) throw error;
    throw new ConfigError(`This gallery needs the package ${name}. Install it with 'npm install ${name}'.`, {
      cause: error,
    });
  }
}
