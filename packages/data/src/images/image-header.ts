import { readBmpSize } from './bmp.ts';
import { readGifSize } from './gif.ts';
import { readHeifHeader } from './heif-header.ts';
import { readJpegHeader } from './jpeg-header.ts';
import { readPngHeader } from './png-header.ts';
import { readTiffHeader } from './tiff-directory.ts';
import { readWebpHeader } from './webp-header.ts';

/** Formats of images that the project recognises, by their content and never by the file's ending. */
export type ImageFormat = 'jpeg' | 'png' | 'bmp' | 'gif' | 'tiff' | 'webp' | 'avif' | 'heic';

/** Format, size and kind of pixels of an encoded image. */
export interface ImageHeader {
  /** Format of the file. */
  readonly format: ImageFormat;
  /** Height in pixels as stored, before the EXIF orientation. */
  readonly height: number;
  /** Width in pixels as stored, before the EXIF orientation. */
  readonly width: number;
  /** EXIF orientation, 1 to 8; 1 is upright. AVIF and HEIC turn their pixels by themselves, so theirs is always 1. */
  readonly orientation: number;
  /** Whether the header shows 8 bits for each channel, no palette and no transparency. */
  readonly isOpaque8Bit: boolean;
  /** Whether the pixels are cyan, magenta, yellow and black. */
  readonly isCmyk: boolean;
}

/** BMP and GIF have no orientation; JavaScript decodes them whatever they hold. */
const plain = { orientation: 1, isOpaque8Bit: false, isCmyk: false };

/** Reads the header of an image without decoding it; returns null for other formats and for damaged headers. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  try {
    return readHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    // A header that ends early.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readHeader(view: DataView): ImageHeader | null {
  if (view.byteLength < 12) return null;
  const [first, second] = [view.getUint32(0), view.getUint32(4)];
  if (first === 0x89504e47 && second === 0x0d0a1a0a) return { format: 'png', ...readPngHeader(view) };
  if (first >>> 16 === 0xffd8) {
    const header = readJpegHeader(view);
    return header && { format: 'jpeg', ...header };
  }
  // 'GIF8', 'RIFF….WEBP' and 'ftyp'.
  if (first === 0x47494638) return { format: 'gif', ...plain, ...readGifSize(view) };
  if (first === 0x52494646 && view.getUint32(8) === 0x57454250) {
    const header = readWebpHeader(view);
    return header && { format: 'webp', ...header };
  }
  if (second === 0x66747970) return readHeifHeader(view);
  // 'II' or 'MM', then 42, or 43 for files beyond 4 GB.
  if ([0x49492a00, 0x4d4d002a, 0x49492b00, 0x4d4d002b].includes(first)) {
    const header = readTiffHeader(view);
    return header && { format: 'tiff', ...header };
  }
  if (first >>> 16 === 0x424d) {
    const size = readBmpSize(view);
    return size && { format: 'bmp', ...plain, ...size };
  }
  return null;
}
