import { inflate } from './inflate.ts';
import type { PixelImage } from './pixel-image.ts';
import { pngChunks } from './png-header.ts';

/** Channels of each colour type: grey, colour, palette, grey and colour with alpha. */
const channelCounts: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** The pixels of a file, or those of one pass of an interlaced file: every `dx`-th of every `dy`-th row. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}
const wholeImage: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
/** The passes of Adam7. */
const interlaced: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/**
 * Decodes a PNG file of any colour type and depth to grey, or to red, green and blue, of 8 bits. Keeps the upper byte of
 * 16-bit values and drops transparency. The caller checks the size in the header first.
 *
 * @throws Error if the file is damaged or holds more data than its dimensions allow
 */
export async function decodePng(bytes: Uint8Array): Promise<PixelImage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { palette, compressed } = readChunks(bytes, view);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colourType] = [view.getUint8(24), view.getUint8(25)];
  const samples = channelCounts[colourType];
  if (!samples || !depths[colourType]!.includes(depth) || view.getUint8(28) > 1) {
    throw new Error('the header of the PNG file is damaged');
  }
  if (colourType === 3 && !palette) throw new Error('the PNG file has no palette');
  const bits = samples * depth;
  const passes = (view.getUint8(28) === 1 ? interlaced : wholeImage)
    .map((pass) => {
      const columns = Math.ceil((width - pass.x) / pass.dx);
      const rows = Math.ceil((height - pass.y) / pass.dy);
      return { ...pass, columns, rows, rowBytes: Math.ceil((columns * bits) / 8) };
    })
    .filter(({ columns, rows }) => columns > 0 && rows > 0);
  const size = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (1 + rowBytes), 0);
  const rows = await inflate(compressed, size, 'the PNG data');

  const channels = colourType === 0 || colourType === 4 ? 1 : 3;
  const data = new Uint8Array(height * width * channels);
  const writeRow = rowWriter(data, {
    depth,
    samples,
    channels,
    palette: colourType === 3 ? palette : undefined,
  });
  const pixelBytes = Math.max(1, bits >> 3);
  let at = 0;
  for (const pass of passes) {
    let above: Uint8Array = new Uint8Array(pass.rowBytes);
    for (let y = 0; y < pass.rows; y++) {
      const row = rows.subarray(at + 1, at + 1 + pass.rowBytes);
      undoFilter(rows[at]!, row, above, pixelBytes);
      const start = (pass.y + y * pass.dy) * width + pass.x;
      writeRow(row, pass.columns, start, pass.dx);
      above = row;
      at += 1 + pass.rowBytes;
    }
  }
  return { data, height, width, channels };
}

/** Checks the chunks that hold the image and returns their content; others (comments, profiles) are ignored. */
function readChunks(bytes: Uint8Array, view: DataView) {
  let palette: Uint8Array | undefined;
  const compressed: Uint8Array[] = [];
  for (const { name, start, end } of pngChunks(view)) {
    if (end > bytes.length) break;
    // A second header could replace the size that the caller has checked.
    if ((name === 'IHDR') !== (start === 8)) {
      throw new Error('a PNG file must have exactly one IHDR chunk, at the start');
    }
    if (!['IHDR', 'PLTE', 'IDAT', 'IEND'].includes(name)) continue;
    if (checksum(bytes.subarray(start + 4, end - 4)) !== view.getUint32(end - 4)) {
      throw new Error(`the checksum of the chunk ${name} of the PNG file is wrong`);
    }
    const content = bytes.subarray(start + 8, end - 4);
    if (name === 'PLTE') palette = content;
    if (name === 'IDAT') compressed.push(content);
    if (name === 'IEND') return { palette, compressed };
  }
  throw new Error('the PNG file is truncated');
}

/** Restores a row in place. Filters predict each byte from those of the pixels to the left and in the row above. */
function undoFilter(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  if (filter === 0) return;
  if (filter === 2) {
    for (let at = 0; at < row.length; at++) row[at]! += above[at]!;
    return;
  }
  if (filter === 1) {
    for (let at = pixelBytes; at < row.length; at++) row[at]! += row[at - pixelBytes]!;
    return;
  }
  if (filter === 3) {
    for (let at = 0; at < row.length; at++) {
      const left = at < pixelBytes ? 0 : row[at - pixelBytes]!;
      row[at]! += (left + above[at]!) >> 1;
    }
    return;
  }
  if (filter !== 4) throw new Error('the PNG file has an unknown filter');
  for (let at = 0; at < row.length; at++) {
    const left = at < pixelBytes ? 0 : row[at - pixelBytes]!;
    const corner = at < pixelBytes ? 0 : above[at - pixelBytes]!;
    const up = above[at]!;
    // Paeth: the neighbour that is nearest to left + up − corner.
    const toLeft = Math.abs(up - corner);
    const toUp = Math.abs(left - corner);
    const toCorner = Math.abs(left + up - 2 * corner);
    row[at]! += toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
  }
}

/** Returns a function that writes the pixels of a row to `data`, from pixel `start` on, `step` pixels apart. */
function rowWriter(
  data: Uint8Array,
  format: { depth: number; samples: number; channels: number; palette: Uint8Array | undefined },
): (row: Uint8Array, columns: number, start: number, step: number) => void {
  const { depth, samples, channels, palette } = format;
  if (depth >= 8 && !palette) {
    const sampleBytes = depth / 8;
    return (row, columns, start, step) => {
      if (step === 1 && sampleBytes === 1 && samples === channels) {
        data.set(row, start * channels);
        return;
      }
      for (let x = 0; x < columns; x++) {
        const target = (start + x * step) * channels;
        const source = x * samples * sampleBytes;
        for (let channel = 0; channel < channels; channel++) {
          data[target + channel] = row[source + channel * sampleBytes]!;
        }
      }
    };
  }
  const largest = 2 ** depth - 1;
  return (row, columns, start, step) => {
    for (let x = 0; x < columns; x++) {
      const bit = x * depth;
      const value = (row[bit >> 3]! >> (8 - depth - (bit & 7))) & largest;
      const target = (start + x * step) * channels;
      if (!palette) {
        data[target] = (value * 255) / largest;
        continue;
      }
      // Indices beyond the palette are black.
      data[target] = palette[value * 3] ?? 0;
      data[target + 1] = palette[value * 3 + 1] ?? 0;
      data[target + 2] = palette[value * 3 + 2] ?? 0;
    }
  };
}

const checksumTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** Returns the CRC-32 of the PNG specification. */
function checksum(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ checksumTable[(value ^ byte) & 255]!;
  return (value ^ 0xffffffff) >>> 0;
}
