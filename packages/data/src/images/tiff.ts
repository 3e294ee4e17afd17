import { cmykToRgb } from './cmyk.ts';
import { inflate } from './inflate.ts';
import type { PixelImage } from './pixel-image.ts';
import { readTiffDirectory, readTiffHeader, type TiffDirectory } from './tiff-directory.ts';

/** Values of the field `photometric`. */
const photometric = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, cmyk: 5 } as const;
/** Samples of a pixel that are colours; further ones are transparency. */
const colourCounts: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 5: 4 };

/** Layout of the pixels in a file, in strips or tiles. */
interface TiffLayout {
  readonly height: number;
  readonly width: number;
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** Samples that are stored together: all of a pixel, or one if each channel has its own tiles. */
  readonly samples: number;
  /** Channels that have their own tiles, or 1. */
  readonly planes: number;
  /** Strips are tiles of the width of the image. */
  readonly tileHeight: number;
  readonly tileWidth: number;
  readonly isTiled: boolean;
  readonly compression: number;
  readonly hasPredictor: boolean;
  readonly isLittleEndian: boolean;
}

/**
 * Decodes the first image of a TIFF file to grey, or to red, green and blue: 1 to 16 bits, strips or tiles, without
 * compression or with PackBits, LZW or deflate. Keeps the upper byte of 16-bit values and drops transparency. The
 * caller checks the size in the header first.
 *
 * @throws Error if the file is damaged or of another kind; RangeError if its directory ends early
 */
export async function decodeTiff(bytes: Uint8Array): Promise<PixelImage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = readTiffDirectory(view);
  const size = readTiffHeader(view);
  if (!directory || !size) throw new Error('the directory of the TIFF file is damaged');
  const { height, width } = size;
  const kind = directory.valuesOf('photometric')[0] ?? photometric.blackIsZero;
  const [samples = 1] = directory.valuesOf('samples');
  const colours = colourCounts[kind];
  if (colours === undefined)
    throw new Error(`a TIFF file of the photometric kind ${kind} needs the package sharp`);
  if (samples < colours || samples > 8) throw new Error(`a TIFF file of ${samples} channels is unsupported`);
  const layout = readLayout(directory, height, width, samples);
  const pixels = await readPixels(bytes, directory, layout, samples);
  // Colours that are multiplied by their transparency, which follows them.
  if (directory.valuesOf('extraSamples')[0] === 1 && samples > colours)
    divideByAlpha(pixels, samples, colours);
  const image = { data: pixels, height, width, channels: samples };
  if (kind === photometric.cmyk) return cmykToRgb(image);
  if (kind === photometric.palette) return fromPalette(image, directory.valuesOf('palette'), layout.depth);
  const output = new Uint8Array(height * width * colours);
  // One, two and four bits to 0–255; 16 bits are already reduced to their upper byte.
  const scale = layout.depth < 8 ? 255 / (2 ** layout.depth - 1) : 1;
  for (let source = 0, target = 0; target < output.length; source += samples) {
    for (let channel = 0; channel < colours; channel++) {
      const value = pixels[source + channel]! * scale;
      output[target++] = kind === photometric.whiteIsZero ? 255 - value : value;
    }
  }
  return { data: output, height, width, channels: colours };
}

/** Restores colours that are stored multiplied by their transparency, in place; invisible ones are black. */
function divideByAlpha(pixels: Uint8Array, samples: number, colours: number): void {
  for (let pixel = 0; pixel < pixels.length; pixel += samples) {
    const alpha = pixels[pixel + colours]!;
    for (let at = pixel; at < pixel + colours; at++) {
      pixels[at] = alpha === 0 ? 0 : Math.min(255, Math.floor((pixels[at]! * 255) / alpha));
    }
  }
}

function readLayout(directory: TiffDirectory, height: number, width: number, samples: number): TiffLayout {
  const value = (field: Parameters<TiffDirectory['valuesOf']>[0], missing: number) =>
    directory.valuesOf(field)[0] ?? missing;
  const depth = value('bits', 1);
  if (![1, 2, 4, 8, 16].includes(depth) || directory.valuesOf('bits').some((bits) => bits !== depth)) {
    throw new Error(`a TIFF file of ${depth} bits for each channel needs the package sharp`);
  }
  if (value('sampleFormat', 1) !== 1 || value('fillOrder', 1) !== 1 || value('predictor', 1) > 2) {
    throw new Error('a TIFF file of this kind of numbers needs the package sharp');
  }
  const isTiled = directory.valuesOf('tileWidth').length > 0;
  const isPlanar = samples > 1 && value('planes', 1) === 2;
  return {
    height,
    width,
    depth,
    samples: isPlanar ? 1 : samples,
    planes: isPlanar ? samples : 1,
    isTiled,
    tileWidth: isTiled ? value('tileWidth', 0) : width,
    tileHeight: isTiled ? value('tileHeight', 0) : Math.min(height, value('rowsPerStrip', height)),
    compression: value('compression', 1),
    hasPredictor: value('predictor', 1) === 2,
    isLittleEndian: directory.isLittleEndian,
  };
}

/** Reads all tiles. Returns one byte for each sample, `[height, width, channels]`; of 16 bits the upper byte. */
async function readPixels(
  bytes: Uint8Array,
  directory: TiffDirectory,
  layout: TiffLayout,
  channels: number,
): Promise<Uint8Array> {
  const { height, width, tileHeight, tileWidth, samples, depth, planes } = layout;
  const offsets = directory.valuesOf(layout.isTiled ? 'tileOffsets' : 'stripOffsets');
  const lengths = directory.valuesOf(layout.isTiled ? 'tileLengths' : 'stripLengths');
  const rowBytes = Math.ceil((tileWidth * samples * depth) / 8);
  // A tile may be larger than the image, but not absurdly so.
  if (
    !(tileHeight >= 1 && tileWidth >= 1) ||
    rowBytes * tileHeight > 2 * height * width * samples * 2 + 2 ** 22
  ) {
    throw new Error('the tiles of the TIFF file have no possible size');
  }
  const [across, down] = [Math.ceil(width / tileWidth), Math.ceil(height / tileHeight)];
  if (offsets.length < across * down * planes || lengths.length < offsets.length) {
    throw new Error('the TIFF file is truncated: parts of the image are missing');
  }
  // Before memory is allocated: LZW, which compresses most, has at most 4096 bytes for a code of 12 bits.
  const stored = lengths.reduce((sum, length) => sum + length, 0);
  if ((height * width * channels * depth) / 8 > stored * 4096) throw new Error('the TIFF file is truncated');
  const pixels = new Uint8Array(height * width * channels);
  for (let plane = 0; plane < planes; plane++) {
    for (let tile = 0; tile < across * down; tile++) {
      const index = plane * across * down + tile;
      const [top, left] = [Math.floor(tile / across) * tileHeight, (tile % across) * tileWidth];
      // The last strip ends with the image, but tiles are always whole.
      const rows = layout.isTiled ? tileHeight : Math.min(tileHeight, height - top);
      const [start, length] = [offsets[index]!, lengths[index]!];
      if (start + length > bytes.length) throw new Error('the TIFF file is truncated');
      const content = await expand(
        bytes.subarray(start, start + length),
        rowBytes * rows,
        layout.compression,
      );
      for (let y = 0; y < Math.min(rows, height - top); y++) {
        const row = content.subarray(y * rowBytes, (y + 1) * rowBytes);
        const values = readSamples(row, layout);
        for (let x = 0; x < Math.min(tileWidth, width - left); x++) {
          const target = ((top + y) * width + left + x) * channels + plane;
          for (let sample = 0; sample < samples; sample++)
            pixels[target + sample] = values[x * samples + sample]!;
        }
      }
    }
  }
  return pixels;
}

/** Returns the samples of a row, undoing the differences of the predictor; of 16 bits the upper byte. */
function readSamples(row: Uint8Array, layout: TiffLayout): Uint8Array {
  const { depth, samples, hasPredictor, isLittleEndian } = layout;
  if (hasPredictor && depth < 8)
    throw new Error('a TIFF file with differences of such samples is unsupported');
  if (depth < 8) {
    return Uint8Array.from({ length: Math.floor((row.length * 8) / depth) }, (_, index) => {
      const bit = index * depth;
      return (row[bit >> 3]! >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
    });
  }
  if (depth === 8) {
    const values = row.slice();
    if (hasPredictor) for (let at = samples; at < values.length; at++) values[at]! += values[at - samples]!;
    return values;
  }
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
  const values = Uint16Array.from({ length: row.length >> 1 }, (_, at) =>
    view.getUint16(at * 2, isLittleEndian),
  );
  if (hasPredictor) for (let at = samples; at < values.length; at++) values[at]! += values[at - samples]!;
  return Uint8Array.from(values, (value) => value >> 8);
}

/** Decompresses a strip or tile to `size` bytes. */
async function expand(part: Uint8Array, size: number, compression: number): Promise<Uint8Array> {
  if (compression === 8 || compression === 32946) return inflate([part], size, 'the TIFF data');
  let output: Uint8Array;
  if (compression === 1) output = part;
  else if (compression === 5) output = expandLzw(part, size);
  else if (compression === 32773) output = expandPackBits(part, size);
  else throw new Error(`a TIFF file of compression ${compression} needs the package sharp`);
  if (output.length < size) throw new Error('the TIFF file is truncated');
  return output;
}

function expandPackBits(part: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  let [at, done] = [0, 0];
  while (done < size && at < part.length) {
    const control = part[at++]!;
    if (control === 128) continue;
    const count = Math.min(control < 128 ? control + 1 : 257 - control, size - done);
    if (control < 128) {
      output.set(part.subarray(at, at + count), done);
      at += control + 1;
    } else {
      output.fill(part[at++] ?? 0, done, done + count);
    }
    done += at > part.length ? 0 : count;
  }
  return output.subarray(0, done);
}

/** Decompresses LZW of TIFF: codes of 9 to 12 bits, highest bit first, that grow one code early. */
function expandLzw(part: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  // A string is where it was first written, one value longer than the string that it extends.
  const starts = new Uint32Array(4097);
  const lengths = new Uint32Array(4097);
  let [at, buffer, bits, done] = [0, 0, 0, 0];
  let [length, next, previous] = [9, 258, -1];
  let previousStart = 0;
  while (done < size) {
    while (bits < length) {
      if (at >= part.length) return output.subarray(0, done);
      buffer = ((buffer << 8) | part[at++]!) & 0xffffff;
      bits += 8;
    }
    const code = (buffer >>> (bits - length)) & ((1 << length) - 1);
    bits -= length;
    if (code === 257) return output.subarray(0, done);
    if (code === 256) {
      [length, next, previous] = [9, 258, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0))
      throw new Error('the LZW data of the TIFF file is damaged');
    const start = done;
    if (previous >= 0 && next < 4096) {
      // The previous string and the first value of this one, which follows it in the output.
      starts[next] = previousStart;
      lengths[next] = (previous < 256 ? 1 : lengths[previous]!) + 1;
      next++;
      if (next >= (1 << length) - 1 && length < 12) length++;
    }
    if (code < 256) {
      output[done++] = code;
    } else {
      const [from, count] = [starts[code]!, lengths[code]!];
      for (let index = 0; index < count && done < size; index++) output[done++] = output[from + index]!;
    }
    previous = code;
    previousStart = start;
  }
  return output;
}

/** Looks colours up in a palette of 16-bit values: all reds, then all greens, then all blues. */
function fromPalette(
  { data, height, width, channels }: PixelImage,
  palette: readonly number[],
  depth: number,
): PixelImage {
  const entries = 2 ** depth;
  if (depth > 8 || palette.length < 3 * entries) throw new Error('the palette of the TIFF file is damaged');
  const output = new Uint8Array(height * width * 3);
  for (let source = 0, target = 0; target < output.length; source += channels) {
    for (let colour = 0; colour < 3; colour++)
      output[target++] = palette[colour * entries + data[source]!]! >> 8;
  }
  return { data: output, height, width, channels: 3 };
}
