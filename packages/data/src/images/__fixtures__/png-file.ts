import { crc32, deflateSync } from 'node:zlib';

/** What a PNG file holds. */
export interface PngContent {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  /** 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. */
  readonly colourType: number;
  readonly isInterlaced?: boolean;
  /** Content of the chunks between header and data, for example `PLTE`. */
  readonly chunks?: Readonly<Record<string, readonly number[]>>;
  /** Samples of a pixel. */
  readonly samples: (x: number, y: number) => readonly number[];
}

/** First column and row of each pass of Adam7, and the steps to the next ones. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Returns a PNG file without filters. */
export function pngFile(content: PngContent): Uint8Array {
  const { width, height, isInterlaced = false } = content;
  const rows: number[] = [];
  for (const [left, top, dx, dy] of isInterlaced ? passes : ([[0, 0, 1, 1]] as const)) {
    if (left >= width) continue;
    for (let y = top; y < height; y += dy) {
      const samples: number[] = [];
      for (let x = left; x < width; x += dx) samples.push(...content.samples(x, y));
      rows.push(0, ...packBits(samples, content.depth));
    }
  }
  return assemblePng(content, deflateSync(Uint8Array.from(rows)));
}

/** Returns a PNG file with the given compressed data. */
export function assemblePng(content: Omit<PngContent, 'samples'>, data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(content.width, 0);
  header.writeUInt32BE(content.height, 4);
  header.set([content.depth, content.colourType, 0, 0, content.isInterlaced ? 1 : 0], 8);
  const chunks = Object.entries(content.chunks ?? {}).map(([name, values]) =>
    pngChunk(name, Uint8Array.from(values)),
  );
  return new Uint8Array(
    Buffer.concat([
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      pngChunk('IHDR', header),
      ...chunks,
      pngChunk('IDAT', data),
      pngChunk('IEND', new Uint8Array()),
    ]),
  );
}

/** Returns a chunk with its length and checksum. */
export function pngChunk(name: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  body.copy(bytes, 4);
  bytes.writeUInt32BE(crc32(body), 8 + data.length);
  return bytes;
}

/** Packs samples to bytes, highest bits first. */
export function packBits(samples: readonly number[], depth: number): number[] {
  if (depth === 16) return samples.flatMap((value) => [value >> 8, value & 255]);
  const bytes = new Array<number>(Math.ceil((samples.length * depth) / 8)).fill(0);
  samples.forEach((value, index) => {
    const bit = index * depth;
    bytes[bit >> 3]! |= value << (8 - depth - (bit & 7));
  });
  return bytes;
}
