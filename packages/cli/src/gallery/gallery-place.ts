import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { pathStatus } from '../files/paths.ts';

/** Where a gallery is: a database of a Postgres server, a file of SQLite, or labelled images that are enrolled anew. */
export type GalleryPlace =
  | { readonly kind: 'postgres'; readonly address: string }
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'images'; readonly path: string };

/** A gallery that keeps people. */
export type StorePlace = Exclude<GalleryPlace, { readonly kind: 'images' }>;

/** Extensions of gallery files. A file with the header of SQLite is a gallery, whatever its name. */
export const galleryExtensions = ['.db', '.sqlite', '.sqlite3'];

/** The first bytes of a file of SQLite. */
const sqliteHeader = 'SQLite format 3\0';

/**
 * Returns where a gallery is. Reads the first bytes of a file; nothing needs to be there.
 * @param place a file, a folder, or an address that begins with `postgres://` or `postgresql://`
 */
export async function findGalleryPlace(place: string): Promise<GalleryPlace> {
  if (/^postgres(ql)?:\/\//i.test(place)) return { kind: 'postgres', address: place };
  const isStore =
    (await hasSqliteHeader(place)) ||
    (galleryExtensions.includes(extname(place).toLowerCase()) && !(await pathStatus(place))?.isDirectory());
  return { kind: isStore ? 'sqlite' : 'images', path: place };
}

async function hasSqliteHeader(path: string): Promise<boolean> {
  if (!(await pathStatus(path))?.isFile()) return false;
  const file = await open(path).catch(() => null);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(sqliteHeader.length), 0);
    return buffer.toString('latin1', 0, bytesRead) === sqliteHeader;
  } finally {
    await file.close();
  }
}

/** Returns a place for messages and answers: a path, or an address without its password. */
export function placeText(place: GalleryPlace): string {
  return place.kind === 'postgres' ? withoutPassword(place.address) : place.path;
}

/** Replaces the password in an address by `***`. */
export function withoutPassword(address: string): string {
  return address
    .replace(/^(\w+:\/\/[^:/?#]*):.*@(?=[^@]*$)/, '$1:***@')
    .replace(/([?&](?:ssl)?password=)[^&#]*/gi, '$1***');
}
