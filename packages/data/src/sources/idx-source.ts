import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import type { ImageSource } from '../source.ts';
import { checkIndex } from './check-index.ts';

/** The two files of an MNIST-like set. */
export interface IdxFiles {
  /** Images: unsigned bytes, three dimensions (`train-images-idx3-ubyte`). */
  readonly images: ByteFile;
  /** Labels: unsigned bytes, one dimension (`train-labels-idx1-ubyte`). */
  readonly labels: ByteFile;
}

/** Options of `readIdx`. */
export interface IdxOptions {
  /** Names of the classes; default: the numbers from 0 to the largest label. */
  readonly classNames?: readonly string[];
}

/**
 * Opens a set of the MNIST family (MNIST, Fashion-MNIST, EMNIST, KMNIST, …) from its decompressed files. Images are raw
 * grey, one channel.
 *
 * An idx file has the bytes `0, 0, type (8 = unsigned byte), number of dimensions`, each dimension as a big-endian
 * uint32, then the values. Labels are as in the file.
 *
 * Reference: LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist.
 * @throws DataError if a file is damaged, truncated or compressed, if the numbers of images and labels differ, or for a
 *   label without a class name
 */
export async function readIdx({ images, labels }: IdxFiles, options: IdxOptions = {}): Promise<ImageSource> {
  const [size, height, width] = (await readDimensions(images, 3)) as [number, number, number];
  const [labelCount] = (await readDimensions(labels, 1)) as [number];
  if (size !== labelCount) {
    throw new DataError(`${images.name}: has ${size} images, but ${labels.name} has ${labelCount} labels.`);
  }
  const values = Int32Array.from(await labels.read(8, size));
  const largest = values.reduce((maximum, label) => Math.max(maximum, label), -1);
  const classNames = options.classNames ?? Array.from({ length: largest + 1 }, (_, label) => String(label));
  const wrong = values.findIndex((label) => label >= classNames.length);
  if (wrong >= 0) {
    throw new DataError(
      `${labels.name}, record ${wrong}: the label is ${values[wrong]}, but there are ${classNames.length} class names.`,
    );
  }
  const imageBytes = height * width;
  return {
    size,
    classNames,
    labels: values,
    async get(index) {
      checkIndex(images.name, index, size);
      const bytes = await images.read(16 + index * imageBytes, imageBytes);
      const origin = `${images.name}, record ${index}`;
      return { bytes, raw: { height, width, channels: 1 }, label: values[index] as number, origin };
    },
    async close() {
      await Promise.all([images.close(), labels.close()]);
    },
  };
}

async function readDimensions(file: ByteFile, count: number): Promise<number[]> {
  const header = await file.read(0, Math.min(file.size, 4 + 4 * count));
  if (header[0] === 0x1f && header[1] === 0x8b) {
    throw new DataError(`${file.name}: is compressed with gzip; decompress it first.`);
  }
  const expected = [0, 0, 8, count];
  const found = Array.from(header.subarray(0, 4));
  if (header.length < 4 + 4 * count || found.some((byte, index) => byte !== expected[index])) {
    throw new DataError(
      `${file.name}: begins with the bytes ${found.join(', ')}; an idx file of unsigned bytes in ${count} dimensions ` +
        `begins with ${expected.join(', ')} and has at least ${4 + 4 * count} bytes.`,
    );
  }
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const dimensions = Array.from({ length: count }, (_, index) => view.getUint32(4 + 4 * index, false));
  const bytes = dimensions.reduce((product, length) => product * length, 1);
  if (bytes === 0 || bytes !== file.size - header.length) {
    throw new DataError(
      `${file.name}: announces ${dimensions.join(' × ')} bytes after the header, but has ${file.size - header.length}; ` +
        'the file is truncated or damaged.',
    );
  }
  return dimensions;
}
