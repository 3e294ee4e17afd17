import { readImageHeader } from './image-header.ts';
import { isExifSegment, jpegSegments } from './jpeg-header.ts';
import { exifFlag, webpChunks } from './webp-header.ts';

/**
 * Removes the EXIF data of a JPEG or WebP file, for decoders that would apply its orientation. Returns the remaining
 * parts in order, copying at most the first bytes. Other formats and damaged files are returned whole.
 */
export function stripExif(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = readImageHeader(bytes)?.format;
  if (format === 'jpeg') {
    return without(
      bytes,
      [...jpegSegments(view)].filter(({ marker, start }) => isExifSegment(view, marker, start)),
    );
  }
  if (format !== 'webp') return [bytes];
  const exif = [...webpChunks(view)].filter(({ name, end }) => name === 'EXIF' && end <= bytes.length);
  const [first] = exif;
  if (!first) return [bytes];
  // The header tells the length of the file, and whether it has EXIF data.
  const head = bytes.slice(0, 30);
  const headView = new DataView(head.buffer);
  const removed = exif.reduce((sum, { start, end }) => sum + end - start, 0);
  headView.setUint32(4, headView.getUint32(4, true) - removed, true);
  head[20]! &= ~exifFlag;
  const [before, ...rest] = without(bytes, exif);
  return [head, before!.subarray(30), ...rest];
}

/** Returns the bytes between parts. */
function without(
  bytes: Uint8Array,
  parts: readonly { readonly start: number; readonly end: number }[],
): Uint8Array[] {
  const kept = [0, ...parts.map(({ end }) => end)];
  return kept.map((from, index) => bytes.subarray(from, parts[index]?.start));
}
