import { DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import { imageHeaderBytes, parsePartHeader, partHeaderBytes, readPayload } from './record-io-format.ts';
import { findRecord, type RecordIndex } from './record-io-index.ts';
import { type ImagePayload, parseImagePayload } from './record-io-payload.ts';

/** Computes the class of a record from all numbers of its label; −1 for no class. */
export type ClassOf = (labels: Float32Array) => number;

/** The layout of an InsightFace set, from its header record. */
export interface IdentityLayout {
  /** End of the images, which are the records `1 … imagesEnd − 1`. */
  readonly imagesEnd: number;
  /** End of the identities, which are the records `imagesEnd … identitiesEnd − 1`. */
  readonly identitiesEnd: number;
}

/** Number of records whose labels are read in parallel. */
const parallelReads = 64;

/** Returns the name of a record in messages. */
export function recordName(file: ByteFile, key: number): string {
  return `${file.name}, record ${key}`;
}

/**
 * Reads the layout of an InsightFace set from its record 0, which has a label of two numbers and no image.
 * @returns null if record 0 does not have this form
 * @throws DataError if it announces images that the index does not have
 */
export async function readIdentityLayout(file: ByteFile, index: RecordIndex): Promise<IdentityLayout | null> {
  const position = findRecord(index, 0);
  if (position < 0) return null;
  const { flag, labels, image } = await readRecord(file, index, position);
  if (flag !== 2 || image.length > 0) return null;
  const [imagesEnd, identitiesEnd] = labels as unknown as [number, number];
  const isInteger = Number.isInteger(imagesEnd) && Number.isInteger(identitiesEnd);
  if (!isInteger || imagesEnd < 1 || identitiesEnd < imagesEnd) {
    throw new DataError(
      `${recordName(file, 0)}: its labels must be the ends of images and identities, but are ${labels.join(', ')}.`,
    );
  }
  if (imagesEnd > 1 && findRecord(index, imagesEnd - 1) !== position + imagesEnd - 1) {
    throw new DataError(
      `${recordName(file, 0)}: announces the images 1 to ${imagesEnd - 1}, but the index of ${index.keys.length} ` +
        'records lacks some of them.',
    );
  }
  return { imagesEnd, identitiesEnd };
}

/** Checks whether the index has the records of all identities. */
export function hasIdentityRecords(
  index: RecordIndex,
  { imagesEnd, identitiesEnd }: IdentityLayout,
): boolean {
  const first = findRecord(index, imagesEnd);
  return (
    identitiesEnd > imagesEnd &&
    first >= 0 &&
    findRecord(index, identitiesEnd - 1) === first + identitiesEnd - 1 - imagesEnd
  );
}

/**
 * Reads the labels of the images of an InsightFace set from its identity records, which contain ranges of images: two
 * reads for each identity instead of one for each image.
 * @throws DataError unless every image belongs to exactly one identity
 */
export async function readLabelsFromIdentities(
  file: ByteFile,
  index: RecordIndex,
  { imagesEnd, identitiesEnd }: IdentityLayout,
  classOf: ClassOf,
): Promise<Float64Array> {
  const labels = new Float64Array(imagesEnd - 1).fill(Number.NaN);
  const firstImage = findRecord(index, 0) + 1;
  const firstIdentity = findRecord(index, imagesEnd);
  await runInParallel(identitiesEnd - imagesEnd, async (identity) => {
    const name = recordName(file, imagesEnd + identity);
    const range = (await readRecordHead(file, index, firstIdentity + identity)).labels;
    const [begin = 0, end = 0] = range;
    const isRange = Number.isInteger(begin) && Number.isInteger(end) && range.length === 2;
    if (!isRange || begin < 1 || end < begin || end > imagesEnd) {
      throw new DataError(
        `${name}: its labels must be a range within the images 1 to ${imagesEnd}, but are ${range.join(', ')}.`,
      );
    }
    if (begin === end) return;
    const first = await readRecordHead(file, index, firstImage + begin - 1);
    const label = checkLabel(classOf(first.labels), recordName(file, begin));
    for (let image = begin - 1; image < end - 1; image++) {
      if (!Number.isNaN(labels[image])) {
        throw new DataError(`${name}: claims image ${image + 1}, which already belongs to another identity.`);
      }
      labels[image] = label;
    }
  });
  const missing = labels.findIndex((label) => Number.isNaN(label));
  if (missing < 0) return labels;
  throw new DataError(`${recordName(file, missing + 1)}: belongs to no identity.`, {
    advice: { option: 'labels', text: "To read the label of every image instead, use labels: 'records'." },
  });
}

/**
 * Reads the labels of the records at the positions `start … start + count − 1` of the index, without their images.
 * @throws DataError if a record is damaged or its label is not a class
 */
export async function readLabelsFromRecords(
  file: ByteFile,
  index: RecordIndex,
  { start, count }: { start: number; count: number },
  classOf: ClassOf,
): Promise<Float64Array> {
  const labels = new Float64Array(count);
  await runInParallel(count, async (record) => {
    const { labels: all } = await readRecordHead(file, index, start + record);
    labels[record] = checkLabel(classOf(all), recordName(file, index.keys[start + record] as number));
  });
  return labels;
}

/**
 * Checks that a label is a class, and returns it.
 * @throws DataError unless it is an integer ≥ 0, or −1 for no class
 */
export function checkLabel(label: number, name: string): number {
  if (Number.isSafeInteger(label) && label >= -1) return label;
  throw new DataError(`${name}: the label ${label} is not a class; expected an integer ≥ −1.`, {
    advice: { option: 'classOf', text: 'Compute the class with the option classOf.' },
  });
}

/** Reads a record by its position in the index. */
export async function readRecord(
  file: ByteFile,
  index: RecordIndex,
  position: number,
): Promise<ImagePayload> {
  const payload = await readPayload(file, index.offsets[position] as number);
  return parseImagePayload(payload, recordName(file, index.keys[position] as number));
}

/** Reads the flag and labels of a record, and as little of its image as possible. */
async function readRecordHead(file: ByteFile, index: RecordIndex, position: number): Promise<ImagePayload> {
  const offset = index.offsets[position] as number;
  const headBytes = partHeaderBytes + imageHeaderBytes + 8;
  const head = await file.read(offset, Math.min(headBytes, Math.max(0, file.size - offset)));
  const { flag, length } = parsePartHeader(file.name, file.size, offset, head);
  const payload = head.subarray(partHeaderBytes, partHeaderBytes + length);
  const isWhole = flag === 0 && payload.length >= imageHeaderBytes;
  const labelCount = isWhole ? new DataView(payload.buffer, payload.byteOffset).getUint32(0, true) : 0;
  // The record is split within its labels, or has more labels than were read.
  if (!isWhole || 4 * labelCount > payload.length - imageHeaderBytes)
    return readRecord(file, index, position);
  return parseImagePayload(payload, recordName(file, index.keys[position] as number));
}

async function runInParallel(count: number, task: (index: number) => Promise<void>): Promise<void> {
  for (let start = 0; start < count; start += parallelReads) {
    const length = Math.min(parallelReads, count - start);
    await Promise.all(Array.from({ length }, (_, index) => task(start + index)));
  }
}
