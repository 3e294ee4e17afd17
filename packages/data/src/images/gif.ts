import type { PixelImage } from './pixel-image.ts';

/** Rows of an interlaced GIF image: first row and step of each pass. */
const passes = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/** Where the parts of the first image are. */
interface GifFrame {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  readonly isInterlaced: boolean;
  /** Red, green and blue of each colour. */
  readonly palette: Uint8Array;
  /** Offset of the compressed pixels. */
  readonly start: number;
}

/** Reads the size of a GIF file: that of the screen, enlarged if its first image does not fit. */
export function readGifSize(view: DataView): { height: number; width: number } {
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  const frame = findFrame(view);
  return {
    width: Math.max(width, frame.left + frame.width),
    height: Math.max(height, frame.top + frame.height),
  };
}

/**
 * Decodes the first image of a GIF file to red, green and blue. Transparent pixels have the colour of their palette
 * entry; pixels of the screen outside of the image are black. The caller checks the size in the header first.
 *
 * @throws Error if the file is damaged; RangeError if its headers end early
 */
export function decodeGif(bytes: Uint8Array): PixelImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { height, width } = readGifSize(view);
  const frame = findFrame(view);
  // Before memory is allocated: a code has at least three bits and stands for at most 4096 pixels.
  if (frame.height * frame.width > bytes.length * 4096 * 3) throw new Error('the GIF file is truncated');
  const data = new Uint8Array(height * width * 3);
  const order = rowOrder(frame);
  let [x, row] = [0, 0];
  decodeLzw(bytes, frame.start, frame.width * frame.height, (index) => {
    const target = ((frame.top + order[row]!) * width + frame.left + x) * 3;
    data[target] = frame.palette[index * 3]!;
    data[target + 1] = frame.palette[index * 3 + 1]!;
    data[target + 2] = frame.palette[index * 3 + 2]!;
    if (++x === frame.width) [x, row] = [0, row + 1];
  });
  return { data, height, width, channels: 3 };
}

/** Skips extensions up to the first image. */
function findFrame(view: DataView): GifFrame {
  const flags = view.getUint8(10);
  let at = 13;
  let palette = new Uint8Array(256 * 3);
  const readPalette = (bits: number) => {
    const length = 3 * 2 ** ((bits & 7) + 1);
    // Indices beyond the palette are black.
    palette = new Uint8Array(256 * 3);
    for (let index = 0; index < length; index++) palette[index] = view.getUint8(at + index);
    at += length;
  };
  if (flags & 0x80) readPalette(flags);
  for (;;) {
    const kind = view.getUint8(at++);
    if (kind === 0x21) {
      at++;
      for (let length = view.getUint8(at++); length > 0; length = view.getUint8(at++)) at += length;
    } else if (kind === 0x2c) {
      const [left, top, width, height] = [0, 2, 4, 6].map((offset) => view.getUint16(at + offset, true));
      const imageFlags = view.getUint8(at + 8);
      at += 9;
      if (imageFlags & 0x80) readPalette(imageFlags);
      const isInterlaced = (imageFlags & 0x40) !== 0;
      return { left: left!, top: top!, width: width!, height: height!, isInterlaced, palette, start: at };
    } else {
      throw new RangeError('the GIF file has no image');
    }
  }
}

/** Returns the row of the image for each row of the file. */
function rowOrder({ height, isInterlaced }: GifFrame): Uint16Array {
  if (!isInterlaced) return Uint16Array.from({ length: height }, (_, row) => row);
  const order = new Uint16Array(height);
  let row = 0;
  for (const [first, step] of passes) for (let y = first; y < height; y += step) order[row++] = y;
  return order;
}

/**
 * Decompresses LZW with codes of growing length, lowest bit first, from blocks of at most 255 bytes.
 *
 * @param put receives `count` values
 * @throws Error if the data ends before
 */
function decodeLzw(bytes: Uint8Array, start: number, count: number, put: (value: number) => void): void {
  const smallest = bytes[start]!;
  if (!(smallest >= 1 && smallest <= 11)) throw new Error('the GIF file is damaged');
  const clear = 1 << smallest;
  const prefixes = new Uint16Array(4096);
  const suffixes = new Uint8Array(4096);
  const stack = new Uint8Array(4097);
  let [at, blockEnd] = [start + 1, start + 1];
  let [buffer, bits] = [0, 0];
  let length = smallest + 1;
  let next = clear + 2;
  let previous = -1;
  let first = 0;
  let done = 0;
  while (done < count) {
    while (bits < length) {
      if (at === blockEnd) {
        const size = bytes[at++] ?? 0;
        if (size === 0) throw new Error('the GIF file is truncated');
        blockEnd = at + size;
      }
      if (at >= bytes.length) throw new Error('the GIF file is truncated');
      buffer |= bytes[at++]! << bits;
      bits += 8;
    }
    let code = buffer & ((1 << length) - 1);
    buffer >>>= length;
    bits -= length;
    if (code === clear) {
      [length, next, previous] = [smallest + 1, clear + 2, -1];
      continue;
    }
    if (code === clear + 1) throw new Error('the GIF file is truncated');
    const isNew = code >= next;
    if (isNew && (code > next || previous < 0)) throw new Error('the GIF file is damaged');
    const read = code;
    let depth = 0;
    // The code that is being defined is the previous string and its first value.
    if (isNew) {
      stack[depth++] = first;
      code = previous;
    }
    while (code > clear) {
      stack[depth++] = suffixes[code]!;
      code = prefixes[code]!;
    }
    first = code;
    stack[depth++] = first;
    if (previous >= 0 && next < 4096) {
      prefixes[next] = previous;
      suffixes[next] = first;
      next++;
      if (next === 1 << length && length < 12) length++;
    }
    previous = read;
    while (depth > 0 && done < count) {
      put(stack[--depth]!);
      done++;
    }
  }
}
