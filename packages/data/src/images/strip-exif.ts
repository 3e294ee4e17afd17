import { jpegSegments, readImageHeader } from './image-header.ts';

/** `Exif` at the start of a JPEG segment, `eXIf` as the name of a PNG chunk. */
const exifNames = { jpeg: 0x45786966, png: 0x65584966 } as const;
const applicationSegment = 0xe1;

/**
 * Removes the EXIF data of a JPEG or PNG file, for decoders that would apply its orientation. Returns the remaining
 * parts in order, without copying. Other formats and damaged files are returned whole.
 */
export function stripExif(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = readImageHeader(bytes)?.format;
  const isExif = (start: number) =>
    format !== undefined && start + 8 <= bytes.length && view.getUint32(start + 4) === exifNames[format];
  const parts = format === 'jpeg' ? jpegSegments(view) : format === 'png' ? pngChunks(view) : [];
  const exif = [...parts].filter(
    ({ start, marker = applicationSegment }) => marker === applicationSegment && isExif(start),
  );
  const kept = [0, ...exif.map(({ end }) => end)];
  return kept.map((from, index) => bytes.subarray(from, exif[index]?.start));
}

/** A part of a file, `[start, end)`; JPEG segments have a marker. */
interface FilePart {
  readonly start: number;
  readonly end: number;
  readonly marker?: number;
}

function* pngChunks(view: DataView): Generator<FilePart> {
  for (let start = 8; start + 12 <= view.byteLength; ) {
    const end = start + 12 + view.getUint32(start);
    yield { start, end };
    start = end;
  }
}
