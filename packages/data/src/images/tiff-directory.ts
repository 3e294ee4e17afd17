/** Bytes of the integer field types: byte, short, long, and long of 8 bytes. */
const typeSizes: Readonly<Record<number, 1 | 2 | 4 | 8>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8 };
/** Numbers of the fields that the header and the decoder read. */
export const tiffTags = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripLengths: 279,
  planes: 284,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileLengths: 325,
  extraSamples: 338,
  sampleFormat: 339,
} as const;

/** The first directory of a TIFF file or of EXIF data. */
export interface TiffDirectory {
  readonly isLittleEndian: boolean;
  /**
   * Returns the integers of a field; none if the directory has no such field of integers.
   * @throws RangeError if the file ends before them
   */
  valuesOf(field: keyof typeof tiffTags): readonly number[];
}

/**
 * Reads the first directory, also of files beyond 4 GB.
 * @throws RangeError if the file ends before it; returns null without the signature of TIFF
 */
export function readTiffDirectory(view: DataView): TiffDirectory | null {
  const order = view.getUint16(0);
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const isLittleEndian = order === 0x4949;
  const isBig = view.getUint16(2, isLittleEndian) === 43;
  const read = (offset: number, size: 1 | 2 | 4 | 8): number => {
    if (size === 1) return view.getUint8(offset);
    if (size === 2) return view.getUint16(offset, isLittleEndian);
    if (size === 4) return view.getUint32(offset, isLittleEndian);
    return Number(view.getBigUint64(offset, isLittleEndian));
  };
  const wordSize = isBig ? 8 : 4;
  const start = read(isBig ? 8 : 4, wordSize);
  const count = read(start, isBig ? 8 : 2);
  const firstEntry = start + (isBig ? 8 : 2);
  const entryLength = 4 + 2 * wordSize;
  return {
    isLittleEndian,
    valuesOf(field) {
      for (let index = 0; index < count; index++) {
        const entry = firstEntry + index * entryLength;
        if (entry + entryLength > view.byteLength) return [];
        if (read(entry, 2) !== tiffTags[field]) continue;
        const size = typeSizes[read(entry + 2, 2)];
        if (size === undefined) return [];
        const length = read(entry + 4, wordSize);
        const inEntry = entry + 4 + wordSize;
        const offset = length * size <= wordSize ? inEntry : read(inEntry, wordSize);
        if (offset + length * size > view.byteLength)
          throw new RangeError('a field of the TIFF file is missing');
        return Array.from({ length }, (_, at) => read(offset + at * size, size));
      }
      return [];
    },
  };
}

/** Returns the orientation, 1 to 8, of EXIF data at the bytes `[start, end)`; 1 for none and for damaged data. */
export function readExifOrientation(view: DataView, start: number, end: number): number {
  const length = Math.min(end, view.byteLength) - start;
  if (length < 8) return 1;
  try {
    return orientationOf(readTiffDirectory(new DataView(view.buffer, view.byteOffset + start, length)));
  } catch (error) {
    if (error instanceof RangeError) return 1;
    throw error;
  }
}

/** Reads the header of a TIFF file. */
export function readTiffHeader(view: DataView) {
  const directory = readTiffDirectory(view);
  const [height] = directory?.valuesOf('height') ?? [];
  const [width] = directory?.valuesOf('width') ?? [];
  if (!directory || height === undefined || width === undefined) return null;
  const [photometric = 1] = directory.valuesOf('photometric');
  const [samples = 1] = directory.valuesOf('samples');
  const bits = directory.valuesOf('bits');
  return {
    height,
    width,
    orientation: orientationOf(directory),
    // Grey, white first or last, of one channel, or red, green and blue.
    isOpaque8Bit: (photometric === 2 ? samples === 3 : photometric < 2 && samples === 1) && bits[0] === 8,
    isCmyk: photometric === 5,
  };
}

function orientationOf(directory: TiffDirectory | null): number {
  const value = directory?.valuesOf('orientation')[0] ?? 1;
  return value >= 1 && value <= 8 ? value : 1;
}
