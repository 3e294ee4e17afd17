import { readExifOrientation } from './tiff-directory.ts';

/** Flags of the chunk `VP8X`. */
const alphaFlag = 0x10;
export const exifFlag = 0x08;

/** Yields the chunks of a WebP file; a chunk occupies the bytes `[start, end)`, its content all but the first 8. */
export function* webpChunks(view: DataView): Generator<{ name: string; start: number; end: number }> {
  for (let start = 12; start + 8 <= view.byteLength; ) {
    const length = view.getUint32(start + 4, true);
    const end = start + 8 + length + (length % 2);
    const name = String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(start + offset)));
    yield { name, start, end };
    start = end;
  }
}

/**
 * Reads the header of a WebP file: `VP8X`, or without it that of the only image, lossy (`VP8 `) or lossless (`VP8L`).
 * @returns null if the first chunk is none of these
 */
export function readWebpHeader(view: DataView) {
  const first = String.fromCharCode(...[12, 13, 14, 15].map((offset) => view.getUint8(offset)));
  const base = { orientation: 1, isOpaque8Bit: true, isCmyk: false };
  if (first === 'VP8 ') {
    return { ...base, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  }
  if (first === 'VP8L') {
    // 14 bits for each side, then one for alpha.
    const bits = view.getUint32(21, true);
    const isOpaque8Bit = ((bits >>> 28) & 1) === 0;
    return { ...base, isOpaque8Bit, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (first !== 'VP8X') return null;
  const flags = view.getUint8(20);
  const exif = [...webpChunks(view)].find(({ name }) => name === 'EXIF');
  // Some writers put JPEG's name before the EXIF data.
  const prefix =
    exif && exif.start + 14 <= view.byteLength && view.getUint32(exif.start + 8) === 0x45786966 ? 6 : 0;
  return {
    width: (view.getUint32(24, true) & 0xffffff) + 1,
    height: (view.getUint32(26, true) >>> 8) + 1,
    orientation: exif ? readExifOrientation(view, exif.start + 8 + prefix, exif.end) : 1,
    isOpaque8Bit: (flags & alphaFlag) === 0,
    isCmyk: false,
  };
}
