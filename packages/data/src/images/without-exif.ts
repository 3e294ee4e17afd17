import { jpegSegments, readImageHeader } from './image-header.ts';

/** `Exif` at the beginning of a JPEG segment, `eXIf` as the name of a PNG chunk. */
const exifNames = { jpeg: 0x45786966, png: 0x65584966 } as const;
const applicationSegment = 0xe1;

/**
 * The parts of a JPEG or PNG file around its EXIF data, for decoders that turn a picture as these say. Other files, and
 * damaged ones, come back whole.
 */
export function withoutExif(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const format = readImageHeader(bytes)?.format;
  const isExif = (start: number) =>
    format !== undefined && start + 8 <= bytes.length && view.getUint32(start + 4) === exifNames[format];
  const pieces = format === 'jpeg' ? jpegSegments(view) : format === 'png' ? pngChunks(view) : [];
  const exif = [...pieces].filter(
    ({ start, marker = applicationSegment }) => marker === applicationSegment && isExif(start),
  );
  const kept = [0, ...exif.map(({ end }) => end)];
  return kept.map((from, index) => bytes.subarray(from, exif[index]?.start));
}

/** Where a part of a file lies; JPEG's have a marker. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly marker?: number;
}

function* pngChunks(view: DataView): Generator<Piece> {
  for (let start = 8; start + 12 <= view.byteLength; ) {
    const end = start + 12 + view.getUint32(start);
    yield { start, end };
    start = end;
  }
}
