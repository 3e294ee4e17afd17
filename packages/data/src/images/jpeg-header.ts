import { readExifOrientation } from './tiff-directory.ts';

/** `Exif` at the start of an application segment, and `Adob` of Adobe's. */
const exifName = 0x45786966;
const adobeName = 0x41646f62;

/** The frame of a JPEG file, and how its components encode colours. */
export interface JpegHeader {
  readonly height: number;
  readonly width: number;
  readonly orientation: number;
  readonly isOpaque8Bit: boolean;
  readonly isCmyk: boolean;
}

/** Reads the segments up to the first scan; returns null if they define no frame. */
export function readJpegHeader(view: DataView): JpegHeader | null {
  let orientation = 1;
  let frame: number | undefined;
  for (const { marker, start, end } of jpegSegments(view)) {
    if (isExifSegment(view, marker, start)) {
      orientation = readExifOrientation(view, start + 10, end);
    } else if (frame === undefined && isFrame(marker)) {
      frame = start;
    }
  }
  if (frame === undefined) return null;
  const components = view.getUint8(frame + 9);
  return {
    height: view.getUint16(frame + 5),
    width: view.getUint16(frame + 7),
    orientation,
    isOpaque8Bit: view.getUint8(frame + 4) === 8 && components !== 4,
    isCmyk: components === 4,
  };
}

/**
 * Reads how a JPEG file with three or four components encodes colours, by the rules of libjpeg.
 * @returns `isRgb`: red, green and blue instead of luma and chroma; `hasAdobe`: whether Adobe's segment is there
 */
export function readJpegColours(view: DataView): { readonly isRgb: boolean; readonly hasAdobe: boolean } {
  let hasJfif = false;
  let transform: number | undefined;
  let identifiers = '';
  for (const { marker, start } of jpegSegments(view)) {
    if (marker === 0xe0) hasJfif ||= view.getUint32(start + 4) === 0x4a464946;
    if (marker === 0xee && view.getUint32(start + 4) === adobeName) transform = view.getUint8(start + 15);
    if (isFrame(marker) && view.getUint8(start + 9) === 3) {
      identifiers = String.fromCharCode(...[10, 13, 16].map((offset) => view.getUint8(start + offset)));
    }
  }
  const isRgb = !hasJfif && (transform === undefined ? identifiers === 'RGB' : transform === 0);
  return { isRgb, hasAdobe: transform !== undefined };
}

/** Checks whether the marker of the end follows the first scan of a JPEG file; a thumbnail before it has one of its own. */
export function hasJpegEnd(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { marker, end } of jpegSegments(view)) {
    if (marker !== 0xda) continue;
    for (let at = bytes.indexOf(0xff, end); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
      if (bytes[at + 1] === 0xd9) return true;
    }
  }
  return false;
}

/** Checks whether a segment of a JPEG file holds its EXIF data. */
export function isExifSegment(view: DataView, marker: number, start: number): boolean {
  return marker === 0xe1 && start + 8 <= view.byteLength && view.getUint32(start + 4) === exifName;
}

/** Checks for a marker that begins a frame (SOF). 0xc4, 0xc8 and 0xcc are among them but define tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

/** Yields the segments of a JPEG file up to its first scan; a segment occupies the bytes `[start, end)`. */
export function* jpegSegments(view: DataView): Generator<{ marker: number; start: number; end: number }> {
  for (let start = 2; start + 4 <= view.byteLength; ) {
    if (view.getUint8(start) !== 0xff) return;
    const marker = view.getUint8(start + 1);
    // Fill bytes, and markers without content.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      start += marker === 0xff ? 1 : 2;
      continue;
    }
    const end = start + 2 + view.getUint16(start + 2);
    yield { marker, start, end };
    if (marker === 0xda) return;
    start = end;
  }
}
