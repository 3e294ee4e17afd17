import { DataError } from '@openset/core';
import { type ImageFormat, type ImageRecord, type ImageSource, readImageHeader } from '@openset/data';
import { decodeImage } from '@openset/data/node';
import { type BadImage, toBadImages } from '../images/bad-image.ts';
import { ContentHashes } from '../images/content-hashes.ts';
import { imageName } from '../images/image-name.ts';
import { decodingOptions, type ImageReading } from '../images/image-reading.ts';
import { isGrey } from '../images/inspect-images.ts';
import { describePattern, descriptorSize } from './image-descriptor.ts';

/** Number of images that are read and decoded at the same time. */
const concurrency = 8;

/** What is known about a sound image. */
export interface ExaminedImage {
  /** Path of the image, or name of its record in a record file. */
  readonly path: string;
  /** Format by content, such as `jpeg`; null if it is unknown. */
  readonly format: ImageFormat | null;
  readonly height: number;
  readonly width: number;
  /** Whether all pixels are grey, also if the file stores red, green and blue. */
  readonly isGrey: boolean;
  /** EXIF orientation, 1 to 8; 1 is upright. */
  readonly orientation: number;
}

/** Reads every image of a set once, and keeps what the checks need: no pixels, about a kilobyte for each image. */
export class ImageScan {
  /** Facts of each image that was read; undefined for damaged ones. */
  readonly images: (ExaminedImage | undefined)[];
  readonly damaged = new Map<number, BadImage>();
  readonly hashes: ContentHashes;
  /** `[size, descriptorSize]`: patterns of the images; zeros for images without one. */
  readonly patterns: Float32Array;
  /** The same images; each read also examines the image. A damaged image is rejected with a DataError. */
  readonly source: ImageSource;

  readonly #reading: ImageReading;

  constructor(source: ImageSource, reading: ImageReading) {
    this.#reading = reading;
    this.images = new Array(source.size).fill(undefined);
    this.hashes = new ContentHashes(source.size);
    this.patterns = new Float32Array(source.size * descriptorSize);
    this.source = { ...source, get: (index) => this.#read(source, index), close: () => source.close() };
  }

  /** Reads all images. */
  async readAll(onProgress: (done: number, total: number) => void): Promise<void> {
    const { size } = this.source;
    let next = 0;
    let done = 0;
    const work = async () => {
      while (next < size) {
        await this.source.get(next++).catch(ignoreDataError);
        onProgress(++done, size);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  }

  async #read(source: ImageSource, index: number): Promise<ImageRecord> {
    try {
      const record = await source.get(index);
      if (!this.images[index]) await this.#examine(index, record);
      return record;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      this.damaged.set(index, describeDamage(error, imageName(source, index)));
      throw error;
    }
  }

  async #examine(index: number, { bytes, origin: path }: ImageRecord): Promise<void> {
    // Before decoding, because a damaged image can have copies, too.
    this.hashes.add(index, bytes);
    const options = { ...decodingOptions(this.#reading), fit: 'none', origin: path } as const;
    const image = await decodeImage(bytes, options);
    const pattern = describePattern(image);
    if (pattern) this.patterns.set(pattern, index * descriptorSize);
    const { format = null, orientation = 1 } = readImageHeader(bytes) ?? {};
    const { height, width } = image;
    this.images[index] = { path, format, height, width, isGrey: isGrey(image.data), orientation };
  }
}

/** Describes an image that cannot be read. */
export function describeDamage({ problem }: DataError, path: string): BadImage {
  return toBadImages([{ origin: path, reason: problem }])[0]!;
}

function ignoreDataError(error: unknown): void {
  if (!(error instanceof DataError)) throw error;
}
