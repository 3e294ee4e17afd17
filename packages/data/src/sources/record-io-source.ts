import { ConfigError, DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import type { ImageSource } from '../source.ts';
import { checkIndex } from './check-index.ts';
import { tableOfNumbers } from './class-table.ts';
import { findKey, type RecordIndex, readRecordIndex, scanRecords } from './record-io-index.ts';
import {
  type ClassOf,
  hasIdentities,
  type IdentityLayout,
  labelsFromIdentities,
  labelsFromRecords,
  readIdentityLayout,
  readRecord,
  recordPlace,
} from './record-io-labels.ts';

/** The two files of an MXNet RecordIO set. */
export interface RecordIOFiles {
  /** The `.rec` file. */
  readonly records: ByteFile;
  /** The `.idx` file; without it the record file is gone through to find the records. */
  readonly index?: ByteFile | undefined;
}

/** Options of `readRecordIO`. */
export interface RecordIOOptions {
  /**
   * Where the labels come from: `'identities'`, the records of identities that InsightFace sets have (few reads);
   * `'records'`, the header of every record (one small read each, which takes minutes for millions); or the labels
   * themselves, kept from an earlier time. Default: identities where the set has them.
   */
  readonly labels?: 'identities' | 'records' | ArrayLike<number>;
  /** Class of a record from its label numbers, −1 for none; default: the first number. Detection sets need it. */
  readonly classOf?: ClassOf;
  /** Names that the classes must have, those of another set; default: the labels that occur, ascending. */
  readonly classNames?: readonly string[];
  /**
   * `'insightface'`: record 0 says which records are images and which identities; `'plain'`: every record is an image.
   * Default: InsightFace if record 0 has no picture and two labels.
   */
  readonly layout?: 'insightface' | 'plain';
}

/** A RecordIO set. */
export interface RecordIOSource extends ImageSource {
  /** Number of each record in the file. */
  readonly keys: Float64Array;
}

/**
 * Opens an MXNet RecordIO set, as InsightFace distributes its training sets.
 *
 * A record is `magic uint32, (part flag << 29 | length) uint32, payload, padding to 4 bytes`; a payload is the IRHeader
 * `flag uint32, label float32, id uint64, id2 uint64`, then `flag` label numbers (float32), then the encoded picture.
 * All numbers are little-endian. Records come in the order of their numbers in the index. The classes are the distinct
 * labels, ascending, named by their digits.
 *
 * Reference: dmlc-core, `recordio.h`; MXNet, `python/mxnet/recordio.py`; InsightFace, `face2rec2.py`.
 * @throws DataError if index or records are damaged
 * @throws ConfigError for options that do not go with the set
 */
export async function readRecordIO(
  { records, index: indexFile }: RecordIOFiles,
  options: RecordIOOptions = {},
): Promise<RecordIOSource> {
  const { classOf = ([first = -1]) => first } = options;
  const index = indexFile ? await readRecordIndex(indexFile, records.size) : await scanRecords(records);
  const layout = await chooseLayout(records, index, options);
  const start = layout ? findKey(index, 0) + 1 : 0;
  const count = layout ? layout.imagesEnd - 1 : index.keys.length;
  const given = typeof options.labels === 'object' ? options.labels : undefined;
  if (given && given.length !== count) {
    throw new ConfigError(`${records.name} has ${count} images, but ${given.length} labels were given.`);
  }
  const values = given ?? (await findLabels(records, index, layout, { start, count, classOf, options }));
  const { classNames, labels } = tableOfNumbers(values, records.name, options.classNames);
  return {
    size: count,
    classNames,
    labels,
    keys: index.keys.subarray(start, start + count),
    async get(place) {
      checkIndex(records.name, place, count);
      const record = await readRecord(records, index, start + place);
      const origin = recordPlace(records, index.keys[start + place] as number);
      if (!given && classOf(record.labels) !== values[place]) {
        throw new DataError(
          `${origin}: its label is ${record.labels[0]}, but ${values[place]} was expected.`,
        );
      }
      return { bytes: record.image, label: labels[place] as number, labels: record.labels, origin };
    },
    async close() {
      await Promise.all([records.close(), indexFile?.close()]);
    },
  };
}

async function chooseLayout(
  records: ByteFile,
  index: RecordIndex,
  { layout }: RecordIOOptions,
): Promise<IdentityLayout | null> {
  if (layout === 'plain') return null;
  const found = await readIdentityLayout(records, index);
  if (found || layout === undefined) return found;
  throw new DataError(
    `${records.name} is no InsightFace set: it has no record 0 without a picture and with two labels.`,
  );
}

async function findLabels(
  records: ByteFile,
  index: RecordIndex,
  layout: IdentityLayout | null,
  {
    start,
    count,
    classOf,
    options,
  }: { start: number; count: number; classOf: ClassOf; options: RecordIOOptions },
): Promise<Float64Array> {
  // Above 2^24 float32 does not hold every whole number, so the ranges of the identities may be off by one.
  const isExact = layout !== null && layout.imagesEnd <= 2 ** 24;
  const identities = layout && hasIdentities(index, layout) ? layout : null;
  if (options.labels === 'identities' && !identities) {
    throw new ConfigError(`${records.name} has no records of identities; use labels: 'records'.`);
  }
  if (identities && (options.labels === 'identities' || (options.labels === undefined && isExact))) {
    return labelsFromIdentities(records, index, identities, classOf);
  }
  const labels = await labelsFromRecords(records, index, { start, count }, classOf);
  return labels;
}
