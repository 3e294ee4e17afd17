import { ConfigError, DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import type { ImageSource } from '../source.ts';
import { checkIndex } from './check-index.ts';

/** Options of `readCifar`. */
export interface CifarOptions {
  /** The set and its labels: CIFAR-10, or CIFAR-100 with its 100 fine or 20 coarse classes. */
  readonly labels: 'cifar-10' | 'cifar-100-fine' | 'cifar-100-coarse';
  /** Default: the names of CIFAR-10; numbers for CIFAR-100, which lists its names in `fine_label_names.txt`. */
  readonly classNames?: readonly string[];
}

const side = 32;
const planeBytes = side * side;
const chunkRecords = 256;
const tenNames = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** Number of bytes before the pixels, offset of the label among them, and number of classes. */
const forms = {
  'cifar-10': { labelBytes: 1, labelOffset: 0, classes: 10 },
  'cifar-100-fine': { labelBytes: 2, labelOffset: 1, classes: 100 },
  'cifar-100-coarse': { labelBytes: 2, labelOffset: 0, classes: 20 },
} as const;

/**
 * Opens the binary version of CIFAR-10 or CIFAR-100: the records of one or several files (`data_batch_1.bin` …
 * `data_batch_5.bin`) in order. Images are raw, `[32, 32, 3]`.
 *
 * A record has one byte for its label (CIFAR-100: two, coarse and fine), then 1024 bytes each of red, green and blue.
 *
 * Reference: Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html.
 * @throws DataError for a file whose size is not a multiple of the record size, and for a label that is not a class
 * @throws ConfigError without files, or for a wrong number of class names
 */
export async function readCifar(files: readonly ByteFile[], options: CifarOptions): Promise<ImageSource> {
  const form = forms[options.labels];
  const { classes, labelBytes, labelOffset } = form;
  const recordBytes = labelBytes + 3 * planeBytes;
  const numbers = Array.from({ length: classes }, (_, label) => String(label));
  const classNames = options.classNames ?? (options.labels === 'cifar-10' ? tenNames : numbers);
  if (files.length === 0 || classNames.length !== classes) {
    throw new ConfigError(
      `${options.labels} needs at least one file and ${classes} class names, but got ${files.length} files and ` +
        `${classNames.length} names.`,
    );
  }
  const parts: { file: ByteFile; start: number; count: number }[] = [];
  let size = 0;
  for (const file of files) {
    const count = countRecords(file, recordBytes);
    parts.push({ file, start: size, count });
    size += count;
  }
  const labels = new Int32Array(size);
  for (const { file, start, count } of parts) {
    for (let first = 0; first < count; first += chunkRecords) {
      const length = Math.min(chunkRecords, count - first);
      const bytes = await file.read(first * recordBytes, length * recordBytes);
      for (let index = 0; index < length; index++) {
        const label = bytes[index * recordBytes + labelOffset] as number;
        if (label >= classes) {
          throw new DataError(
            `${file.name}, record ${first + index}: the label is ${label}, but ${options.labels} has ${classes} classes.`,
          );
        }
        labels[start + first + index] = label;
      }
    }
  }
  return {
    size,
    classNames,
    labels,
    async get(index) {
      checkIndex(options.labels, index, size);
      const { file, start } = parts.findLast((part) => part.start <= index) as (typeof parts)[number];
      const planes = await file.read((index - start) * recordBytes + labelBytes, 3 * planeBytes);
      const origin = `${file.name}, record ${index - start}`;
      const raw = { height: side, width: side, channels: 3 };
      return { bytes: interleave(planes), raw, label: labels[index] as number, origin };
    },
    async close() {
      await Promise.all(files.map((file) => file.close()));
    },
  };
}

function countRecords(file: ByteFile, recordBytes: number): number {
  if (file.size > 0 && file.size % recordBytes === 0) return file.size / recordBytes;
  throw new DataError(
    `${file.name}: has ${file.size} bytes, which is not a multiple of the record size ${recordBytes}; the file is ` +
      'truncated, compressed, or not the binary version of this set.',
  );
}

/** Converts planar to interleaved colours: `[3, 32, 32]` to `[32, 32, 3]`. */
function interleave(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(planes.length);
  for (let pixel = 0; pixel < planeBytes; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels[3 * pixel + channel] = planes[channel * planeBytes + pixel] as number;
    }
  }
  return pixels;
}
