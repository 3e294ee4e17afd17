import { convertIndexedToRgb, type DecodedPng, decode } from 'fast-png';
import type { PixelImage } from './pixel-image.ts';

/** Chunks that hold the picture. Others (comments, profiles) may be compressed and are not looked at. */
const pictureChunks = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);

/** Deflate makes data at most this many times smaller. */
const largestCompression = 1032;
/** Data that cannot become larger than this is decoded without measuring it first. */
const harmlessBytes = 2 ** 26;

/**
 * Decodes a PNG file of any colour type and depth to 8 bits a channel, 1 to 4 channels. 16-bit values keep their upper
 * byte. The size in the header must have been checked before.
 *
 * @throws Error if the file is damaged, or holds more data than its header says
 */
export async function decodePng(bytes: Uint8Array): Promise<PixelImage> {
  const { picture, compressed, size } = pictureOf(bytes);
  const total = compressed.reduce((sum, { length }) => sum + length, 0);
  if (total * largestCompression > harmlessBytes) await checkInflatedSize(compressed, size);
  return toBytes(decode(picture, { checkCrc: true }));
}

/** Copies the chunks that matter, and finds the compressed parts and how many bytes they must become. */
function pictureOf(bytes: Uint8Array): { picture: Uint8Array; compressed: Uint8Array[]; size: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [bytes.subarray(0, 8)];
  const compressed: Uint8Array[] = [];
  let offset = 8;
  let ended = false;
  while (!ended && offset + 12 <= bytes.length) {
    const length = view.getUint32(offset);
    const end = offset + 12 + length;
    if (end > bytes.length) break;
    const name = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    // A second header would bring in a size that nobody has checked.
    if ((name === 'IHDR') !== (offset === 8)) throw new Error('the PNG header is not where it must be');
    if (pictureChunks.has(name)) parts.push(bytes.subarray(offset, end));
    if (name === 'IDAT') compressed.push(bytes.subarray(offset + 8, end - 4));
    ended = name === 'IEND';
    offset = end;
  }
  if (!ended) throw new Error('the PNG file is cut off');
  const picture = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let written = 0;
  for (const part of parts) {
    picture.set(part, written);
    written += part.length;
  }
  // At most 8 bytes a pixel (four channels of 16 bits) and a filter byte a row, twice for the passes of Adam7.
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  // fast-png mixes up the pixels that share a byte.
  if (bytes[24]! < 8 && bytes[28] === 1)
    throw new Error('interlaced PNG files of less than 8 bits need sharp');
  return { picture, compressed, size: height * (width * 8 + 2) + 1024 };
}

/** A small file can hold gigabytes of zeros: counts what comes out without keeping it. */
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
      throw new Error(`the PNG file holds more than the ${limit} bytes that its size allows`);
    }
  }
}

function toBytes(png: DecodedPng): PixelImage {
  const { width, height, depth } = png;
  if (png.palette) {
    const data = convertIndexedToRgb(png);
    return { data, width, height, channels: data.length / (width * height) };
  }
  const { channels } = png;
  const { data } = png;
  if (depth === 8) return { data: new Uint8Array(data), width, height, channels };
  if (depth === 16) return { data: Uint8Array.from(data, (value) => value >> 8), width, height, channels };
  // Grey of 1, 2 or 4 bits: several pixels in a byte, rows begin at whole bytes.
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
