import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { checkIndex } from './check-index.ts';
import { readNumbers } from './pickle-numpy.ts';
import { readPickle } from './pickle-reader.ts';
import { describeValue, NumpyArray, PickleString, type PickleValue } from './pickle-values.ts';
import type { VerificationSet } from './verification-set.ts';

/**
 * Opens a verification set of InsightFace (`lfw.bin`, `cfp_fp.bin`, `agedb_30.bin`, …): a Python pickle of two lists,
 * the encoded images (bytes, or numpy arrays of bytes) and, for each pair, whether it shows the same person.
 *
 * The pickle reader of this package supports only what such files contain and executes nothing. Images are read on
 * demand. The format has no folds; the usual protocol uses ten equal folds in the order of the pairs.
 *
 * Reference: InsightFace, `recognition/arcface_torch/eval/verification.py`.
 * @throws DataError if the file is damaged or has other content
 */
export async function readVerificationBin(file: ByteFile): Promise<VerificationSet> {
  const content = await readPickle(file);
  const [images, same] = Array.isArray(content) && content.length === 2 ? content.map(toList) : [];
  if (!images || !same) {
    throw new DataError(
      `${file.name}: expected a pickle of two lists, images and 'same', found ${describeValue(content)}.`,
    );
  }
  if (!Array.isArray(images)) {
    throw new DataError(`${file.name}: expected a list of images, found ${describeValue(images)}.`);
  }
  const isSame = await readIsSame(file, same);
  if (images.length !== 2 * isSame.length) {
    throw new DataError(
      `${file.name}: ${isSame.length} pairs need ${2 * isSame.length} images, but the file has ${images.length}.`,
    );
  }
  const stored = images.map((value, index) => toStoredImage(value, `${file.name}, image ${index}`));
  return {
    size: isSame.length,
    isSame,
    folds: null,
    origin: (index) => `${file.name}, image ${index}`,
    async image(index) {
      checkIndex(file.name, index, stored.length);
      const bytes = await readImage(file, stored[index] as StoredImage, index);
      return { bytes, label: -1, origin: `${file.name}, image ${index}` };
    },
    close: () => file.close(),
  };
}

/** The position of an image in the file. */
interface StoredImage {
  readonly bytes: PickleString;
  /** Number of bytes of the image, for images in numpy arrays. */
  readonly size?: number;
}

async function readImage(file: ByteFile, { bytes, size }: StoredImage, index: number): Promise<Uint8Array> {
  // Empty bytes may have no position in the file.
  const image = bytes.length === 0 ? new Uint8Array(0) : await bytes.read(file);
  if (size === undefined || image.length === size) return image;
  throw new DataError(`${file.name}, image ${index}: found ${image.length} bytes, expected ${size}.`);
}

/** Converts a numpy array of objects to a list. */
function toList(value: PickleValue): PickleValue[] | NumpyArray | null {
  if (Array.isArray(value)) return value;
  if (!(value instanceof NumpyArray)) return null;
  return Array.isArray(value.data) ? value.data : value;
}

function toStoredImage(value: PickleValue, location: string): StoredImage {
  if (value instanceof PickleString && value.kind === 'bytes') return { bytes: value };
  if (value instanceof NumpyArray && value.type?.itemBytes === 1 && value.data instanceof PickleString) {
    return { bytes: value.data, size: value.size };
  }
  throw new DataError(
    `${location}: expected bytes or a numpy array of bytes, found ${describeValue(value)}.`,
  );
}

async function readIsSame(file: ByteFile, same: PickleValue[] | NumpyArray): Promise<Uint8Array> {
  const values = same instanceof NumpyArray ? await readNumbers(same, file) : same;
  return Uint8Array.from(values, (value, index) => {
    if (value === true || value === 1) return 1;
    if (value === false || value === 0) return 0;
    throw new DataError(
      `${file.name}, pair ${index}: 'same' must be True or False, but is ${describeValue(value)}.`,
    );
  });
}
