import type { PixelImage } from './pixel-image.ts';

/** Lengths of the information headers: OS/2 1 and 2, then Windows 3, its extensions, 4 and 5. */
const headerLengths = [12, 16, 40, 52, 56, 64, 108, 124];
const compressionNames = ['none', 'RLE8', 'RLE4', 'bit fields', 'JPEG', 'PNG', 'bit fields with alpha'];

/** Reads the size of a BMP file; returns null if the header is of no known kind. */
export function readBmpSize(view: DataView): { height: number; width: number } | null {
  const length = view.getUint32(14, true);
  if (!headerLengths.includes(length)) return null;
  if (length === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  // A negative height: rows from top to bottom.
  return { width: Math.max(0, view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}

/**
 * Decodes a BMP file of 1, 4, 8, 16, 24 or 32 bits per pixel, also with run lengths (RLE4, RLE8) or bit fields, to red,
 * green and blue. Ignores the alpha channel. Pixels that run lengths skip have the first colour of the palette. The
 * caller checks the size in the header first.
 *
 * @throws Error if the file is damaged or compressed in another way; RangeError if its headers end early
 */
export function decodeBmp(bytes: Uint8Array): PixelImage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = readBmpSize(view);
  if (!size) throw new Error('the header of the BMP file is damaged');
  const { height, width } = size;
  const headerLength = view.getUint32(14, true);
  const isOld = headerLength === 12;
  const depth = view.getUint16(isOld ? 24 : 28, true);
  const compression = headerLength >= 40 ? view.getUint32(30, true) : 0;
  const pixels = bytes.subarray(view.getUint32(10, true));
  const isTopDown = !isOld && view.getInt32(22, true) < 0;
  const rowOf = (y: number) => (isTopDown ? y : height - 1 - y) * width * 3;
  const hasRuns = (compression === 1 && depth === 8) || (compression === 2 && depth === 4);
  const hasFields = (compression === 3 || compression === 6) && (depth === 16 || depth === 32);
  if (!hasRuns && !hasFields && compression !== 0) {
    const name = compressionNames[compression] ?? String(compression);
    throw new Error(`a BMP file of ${depth} bits per pixel with the compression '${name}' is unsupported`);
  }
  if (![1, 2, 4, 8, 16, 24, 32].includes(depth)) {
    throw new Error(`a BMP file of ${depth} bits per pixel is unsupported`);
  }
  const rowLength = rowBytes(width, depth);
  // Before memory is allocated. Some writers leave out the padding of the last row.
  const needed = rowLength * (height - 1) + Math.ceil((width * depth) / 8);
  if (!hasRuns && pixels.length < needed) {
    throw new Error(`the BMP file is truncated: ${pixels.length} of ${needed} bytes of pixels`);
  }
  const image = { data: new Uint8Array(height * width * 3), height, width, channels: 3 };
  if (depth <= 8) {
    const indices = hasRuns
      ? expandRuns(pixels, width, height, depth)
      : unpackIndices(pixels, width, height, depth);
    const palette = readPalette(view, headerLength);
    for (let y = 0; y < height; y++) {
      let target = rowOf(y);
      for (let x = 0; x < width; x++) {
        const from = indices[y * width + x]! * 3;
        image.data[target++] = palette[from]!;
        image.data[target++] = palette[from + 1]!;
        image.data[target++] = palette[from + 2]!;
      }
    }
    return image;
  }
  if (depth === 16 || hasFields) {
    // Without bit fields, 16 bits are 5 for each channel. The masks follow the first 40 bytes of the header.
    const masks = hasFields ? [54, 58, 62].map((at) => view.getUint32(at, true)) : [0x7c00, 0x3e0, 0x1f];
    const fields = masks.map(bitField);
    const content = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
    for (let y = 0; y < height; y++) {
      let target = rowOf(y);
      for (let x = 0; x < width; x++) {
        const at = y * rowLength + (x * depth) / 8;
        const value = depth === 16 ? content.getUint16(at, true) : content.getUint32(at, true);
        for (const field of fields) image.data[target++] = field(value);
      }
    }
    return image;
  }
  const step = depth / 8;
  for (let y = 0; y < height; y++) {
    let target = rowOf(y);
    for (let x = 0; x < width; x++) {
      // Blue, green, red.
      const at = y * rowLength + x * step;
      image.data[target++] = pixels[at + 2]!;
      image.data[target++] = pixels[at + 1]!;
      image.data[target++] = pixels[at]!;
    }
  }
  return image;
}

/** Returns the bytes of a row, a multiple of four. */
function rowBytes(width: number, depth: number): number {
  return Math.ceil((width * depth) / 32) * 4;
}

/** Reads the palette, 256 colours of red, green and blue; the missing ones are black. */
function readPalette(view: DataView, headerLength: number): Uint8Array {
  const [start, entry] = [14 + headerLength, headerLength === 12 ? 3 : 4];
  const end = Math.min(view.getUint32(10, true), view.byteLength);
  const palette = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    const at = start + index * entry;
    if (at + 3 > end) break;
    palette.set([view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at)], index * 3);
  }
  return palette;
}

function unpackIndices(rows: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const indices = new Uint8Array(width * height);
  const rowLength = rowBytes(width, depth);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = rows[y * rowLength + (bit >> 3)]!;
      indices[y * width + x] = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    }
  }
  return indices;
}

/** Expands RLE8 or RLE4 to one index for each pixel, rows in the order of the file. */
function expandRuns(pixels: Uint8Array, width: number, height: number, depth: number): Uint8Array {
  const indices = new Uint8Array(width * height);
  const half = (byte: number, index: number) =>
    depth === 8 ? byte : index % 2 === 0 ? byte >> 4 : byte & 15;
  let [x, y, at] = [0, 0, 0];
  const put = (value: number) => {
    if (x < width && y < height) indices[y * width + x] = value;
    x++;
  };
  while (y < height) {
    if (at + 2 > pixels.length) throw new Error('the BMP file is truncated');
    const [count, value] = [pixels[at]!, pixels[at + 1]!];
    at += 2;
    if (count > 0) {
      for (let index = 0; index < count; index++) put(half(value, index));
    } else if (value === 0) {
      [x, y] = [0, y + 1];
    } else if (value === 1) {
      break;
    } else if (value === 2) {
      if (at + 2 > pixels.length) throw new Error('the BMP file is truncated');
      x += pixels[at]!;
      y += pixels[at + 1]!;
      at += 2;
    } else {
      const length = depth === 8 ? value : Math.ceil(value / 2);
      if (at + length > pixels.length) throw new Error('the BMP file is truncated');
      for (let index = 0; index < value; index++) {
        put(half(pixels[at + (depth === 8 ? index : index >> 1)]!, index));
      }
      at += length + (length % 2);
    }
  }
  return indices;
}

/** Returns a function that takes the bits of a mask from a value and scales them to 0–255. */
function bitField(mask: number): (value: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const largest = mask >>> shift;
  return (value) => Math.round((((value & mask) >>> shift) * 255) / largest);
}
