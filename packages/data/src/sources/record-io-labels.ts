import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { imageHeaderBytes, parsePart, partHeaderBytes, readPayload } from './record-io-format.ts';
import { findKey, type RecordIndex } from './record-io-index.ts';
import { type ImagePayload, parseImagePayload } from './record-io-payload.ts';

/** Computes the class of a record from all numbers of its label; −1 for none. */
export type ClassOf = (labels: Float32Array) => number;

/** What the header record of an InsightFace set says. */
export interface IdentityLayout {
  /** Images are the records `1 … imagesEnd − 1`. */
  readonly imagesEnd: number;
  /** Identities are the records `imagesEnd … identitiesEnd − 1`. */
  readonly identitiesEnd: number;
}

/** Records whose labels are read at the same time. */
const parallelReads = 64;

/** How messages name a record. */
export function recordPlace(file: ByteFile, key: number): string {
  return `${file.name}, record ${key}`;
}

/**
 * Reads the layout of an InsightFace set from its record 0, which has no picture and a label of two numbers.
 * @returns null if record 0 is none
 * @throws DataError if it announces records that the index does not have
 */
export async function readIdentityLayout(file: ByteFile, index: RecordIndex): Promise<IdentityLayout | null> {
  const place = findKey(index, 0);
  if (place < 0) return null;
  const { flag, labels, image } = await readRecord(file, index, place);
  if (flag !== 2 || image.length > 0) return null;
  const [imagesEnd, identitiesEnd] = labels as unknown as [number, number];
  const whole = Number.isInteger(imagesEnd) && Number.isInteger(identitiesEnd);
  if (!whole || imagesEnd < 1 || identitiesEnd < imagesEnd) {
    throw new DataError(
      `${recordPlace(file, 0)}: its labels must be the ends of images and identities, but are ${labels.join(', ')}.`,
    );
  }
  if (imagesEnd > 1 && findKey(index, imagesEnd - 1) !== place + imagesEnd - 1) {
    throw new DataError(
      `${recordPlace(file, 0)}: announces the images 1 to ${imagesEnd - 1}, but the index, of ${index.keys.length} ` +
        'records, does not have them all.',
    );
  }
  return { imagesEnd, identitiesEnd };
}

/** Whether the records of all identities are there. */
export function hasIdentities(index: RecordIndex, { imagesEnd, identitiesEnd }: IdentityLayout): boolean {
  const first = findKey(index, imagesEnd);
  return (
    identitiesEnd > imagesEnd &&
    first >= 0 &&
    findKey(index, identitiesEnd - 1) === first + identitiesEnd - 1 - imagesEnd
  );
}

/**
 * The labels of the images of an InsightFace set from the records of its identities, which say where their images
 * are: two reads for each identity instead of one for each image.
 * @throws DataError unless every image belongs to one identity
 */
export async function labelsFromIdentities(
  file: ByteFile,
  index: RecordIndex,
  { imagesEnd, identitiesEnd }: IdentityLayout,
  classOf: ClassOf,
): Promise<Float64Array> {
  const labels = new Float64Array(imagesEnd - 1).fill(Number.NaN);
  const firstImage = findKey(index, 0) + 1;
  const firstIdentity = findKey(index, imagesEnd);
  await inParallel(identitiesEnd - imagesEnd, async (identity) => {
    const place = recordPlace(file, imagesEnd + identity);
    const range = (await readHead(file, index, firstIdentity + identity)).labels;
    const [begin = 0, end = 0] = range;
    const isRange = Number.isInteger(begin) && Number.isInteger(end) && range.length === 2;
    if (!isRange || begin < 1 || end < begin || end > imagesEnd) {
      throw new DataError(
        `${place}: its labels must be a range within the images 1 to ${imagesEnd}, but are ${range.join(', ')}.`,
      );
    }
    if (begin === end) return;
    const first = await readHead(file, index, firstImage + begin - 1);
    const label = checkLabel(classOf(first.labels), recordPlace(file, begin));
    for (let image = begin - 1; image < end - 1; image++) {
      if (!Number.isNaN(labels[image])) {
        throw new DataError(
          `${place}: claims image ${image + 1}, which belongs to another identity already.`,
        );
      }
      labels[image] = label;
    }
  });
  const missing = labels.findIndex((label) => Number.isNaN(label));
  if (missing < 0) return labels;
  throw new DataError(
    `${recordPlace(file, missing + 1)}: belongs to no identity. Read the labels of all images: labels: 'records'.`,
  );
}

/**
 * Reads the labels of the records at `start … start + count − 1` of the index, without their pictures.
 * @throws DataError if a record is damaged, or its label is no class
 */
export async function labelsFromRecords(
  file: ByteFile,
  index: RecordIndex,
  { start, count }: { start: number; count: number },
  classOf: ClassOf,
): Promise<Float64Array> {
  const labels = new Float64Array(count);
  await inParallel(count, async (record) => {
    const { labels: all } = await readHead(file, index, start + record);
    labels[record] = checkLabel(classOf(all), recordPlace(file, index.keys[start + record] as number));
  });
  return labels;
}

/** @throws DataError unless the label is a class: a whole number from 0 on, or −1 */
export function checkLabel(label: number, place: string): number {
  if (Number.isSafeInteger(label) && label >= -1) return label;
  throw new DataError(
    `${place}: the label ${label} is no class; say how classes follow from labels with the option classOf.`,
  );
}

/** Reads a whole record by its place in the index. */
export async function readRecord(file: ByteFile, index: RecordIndex, place: number): Promise<ImagePayload> {
  const payload = await readPayload(file, index.offsets[place] as number);
  return parseImagePayload(payload, recordPlace(file, index.keys[place] as number));
}

/** Reads flag and labels of a record, and as little of its picture as can be. */
async function readHead(file: ByteFile, index: RecordIndex, place: number): Promise<ImagePayload> {
  const offset = index.offsets[place] as number;
  const wanted = partHeaderBytes + imageHeaderBytes + 8;
  const head = await file.read(offset, Math.min(wanted, Math.max(0, file.size - offset)));
  const { flag, length } = parsePart(file.name, file.size, offset, head);
  const payload = head.subarray(partHeaderBytes, partHeaderBytes + length);
  const isWhole = flag === 0 && payload.length >= imageHeaderBytes;
  const labelCount = isWhole ? new DataView(payload.buffer, payload.byteOffset).getUint32(0, true) : 0;
  // Split within the labels, or more labels than were read.
  if (!isWhole || 4 * labelCount > payload.length - imageHeaderBytes) return readRecord(file, index, place);
  return parseImagePayload(payload, recordPlace(file, index.keys[place] as number));
}

async function inParallel(count: number, task: (index: number) => Promise<void>): Promise<void> {
  for (let start = 0; start < count; start += parallelReads) {
    const length = Math.min(parallelReads, count - start);
    await Promise.all(Array.from({ length }, (_, index) => task(start + index)));
  }
}
