import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import type { PixelImage } from './pixel-image.ts';

/** Chunks that hold the image. Others (comments, profiles) may be compressed and are ignored. */
const imageChunks = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** Largest compression ratio of deflate. */
const largestCompression = 1032;
/** Data that cannot inflate beyond this size is decoded without measuring it first. */
const harmlessBytes = 2 ** 26;

/**
 * Decodes a PNG file of any colour type and depth to 8 bits per channel, 1 to 4 channels. Keeps the upper byte of 16-bit
 * values. The caller checks the size in the header first.
 *
 * @throws Error if the file is damaged or holds more data than its dimensions allow
 */
export async function decodePng(bytes: Uint8Array): Promise<PixelImage> {
  const { image, compressed, size } = selectChunks(bytes);
  const total = compressed.reduce((sum, { length }) => sum + length, 0);
  if (total * largestCompression > harmlessBytes) await checkInflatedSize(compressed, size);
  return toEightBits(decode(image, { checkCrc: true }));
}

/**
 * Copies the chunks that hold the image.
 * @returns the file without other chunks, its compressed parts and the largest size to which they may inflate, in bytes
 */
function selectChunks(bytes: Uint8Array): { image: Uint8Array; compressed: Uint8Array[]; size: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [bytes.subarray(0, 8)];
  const compressed: Uint8Array[] = [];
  let offset = 8;
  let hasEnd = false;
  while (!hasEnd && offset + 12 <= bytes.length) {
    const length = view.getUint32(offset);
    const end = offset + 12 + length;
    if (end > bytes.length) break;
    const name = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    // A second header could replace the size that the caller has checked.
    if ((name === 'IHDR') !== (offset === 8)) {
      throw new Error('a PNG file must have exactly one IHDR chunk, at the start');
    }
    if (imageChunks.has(name)) parts.push(bytes.subarray(offset, end));
    if (name === 'IDAT') compressed.push(bytes.subarray(offset + 8, end - 4));
    hasEnd = name === 'IEND';
    offset = end;
  }
  if (!hasEnd) throw new Error('the PNG file is truncated');
  const image = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let written = 0;
  for (const part of parts) {
    image.set(part, written);
    written += part.length;
  }
  // At most 8 bytes per pixel (four channels of 16 bits) and a filter byte per row, doubled for the passes of Adam7.
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  // fast-png decodes pixels that share a byte in the wrong order.
  if (bytes[24]! < 8 && bytes[28] === 1) {
    throw new Error('interlaced PNG files with fewer than 8 bits per channel need the package sharp');
  }
  return { image, compressed, size: height * (width * 8 + 2) + 1024 };
}

/** Counts the inflated bytes without keeping them, because a small file can hold gigabytes of zeros. */
async function checkInflatedSize(compressed: readonly Uint8Array[], limit: number): Promise<void> {
  const parts = new Blob(compressed as Uint8Array<ArrayBuffer>[]).stream();
  const reader = parts.pipeThrough(new DecompressionStream('deflate')).getReader();
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new Error(`the PNG data inflates to more than the ${limit} bytes that the dimensions allow`);
    }
  }
}

function toEightBits(png: DecodedPng): PixelImage {
  const { width, height, depth } = png;
  if (png.palette) {
    const data = convertIndexedToRgb(png);
    return { data, width, height, channels: data.length / (width * height) };
  }
  const { channels } = png;
  const { data } = png;
  if (depth === 8) return { data: new Uint8Array(data), width, height, channels };
  if (depth === 16) return { data: Uint8Array.from(data, (value) => value >> 8), width, height, channels };
  // Grey with 1, 2 or 4 bits: several pixels share a byte, and each row begins at a new byte.
  const output = new Uint8Array(width * height);
  const rowBytes = Math.ceil((width * depth) / 8);
  const largest = 2 ** depth - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = data[y * rowBytes + (bit >> 3)]!;
      output[y * width + x] = (((byte >> (8 - depth - (bit & 7))) & largest) * 255) / largest;
    }
  }
  return { data: output, width, height, channels: 1 };
}
