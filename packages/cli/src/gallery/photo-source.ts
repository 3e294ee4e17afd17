import { basename } from 'node:path';
import { contentHash } from '../images/content-hashes.ts';

/** Number of hexadecimal digits of the content hash that a source keeps. */
const hashDigits = 16;

/**
 * Returns what a gallery keeps of an enrolled photo: the name of its file and the beginning of the SHA-256 of its content, as
 * `ada-1.jpg#1f3a9c0b2d4e5f60`. The folders of its path stay private. The hash finds photos that were enrolled before.
 */
export function photoSource(name: string, bytes: Uint8Array): string {
  // Names of lists may have the separators of Windows.
  return `${basename(name.replaceAll('\\', '/'))}#${contentHash(bytes).slice(0, hashDigits)}`;
}

/** Returns the content hash in a source of `photoSource`; null for another source. */
export function hashInSource(source: string | null): string | null {
  return /#([\da-f]{16})$/.exec(source ?? '')?.[1] ?? null;
}
