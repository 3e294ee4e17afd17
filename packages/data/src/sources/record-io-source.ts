import { ConfigError, DataError } from '@openset/core';
import type { ByteFile } from '../byte-file.ts';
import type { ImageSource } from '../source.ts';
import { checkIndex } from './check-index.ts';
import { classTableFromNumbers } from './class-table.ts';
import { findRecord, type RecordIndex, readRecordIndex, scanRecords } from './record-io-index.ts';
import {
  type ClassOf,
  hasIdentityRecords,
  type IdentityLayout,
  readIdentityLayout,
  readLabelsFromIdentities,
  readLabelsFromRecords,
  readRecord,
  recordName,
} from './record-io-labels.ts';

/** The two files of an MXNet RecordIO set. */
export interface RecordIOFiles {
  /** The `.rec` file. */
  readonly records: ByteFile;
  /** The `.idx` file; if it is missing, the record file is scanned. */
  readonly index?: ByteFile | undefined;
}

/** Options of `readRecordIO`. */
export interface RecordIOOptions {
  /**
   * Origin of the labels: `'identities'`, the identity records of InsightFace sets (few reads); `'records'`, the header
   * of every record (one small read each, minutes for millions of records); or the labels themselves, saved from an
   * earlier `source.labels`. Default: identities if the set has them.
   */
  readonly labels?: 'identities' | 'records' | ArrayLike<number>;
  /** Computes the class of a record from its label array, −1 for none; default: the first number. For detection sets. */
  readonly classOf?: ClassOf;
  /** Class names of another set, to number classes alike; default: the distinct labels, ascending. */
  readonly classNames?: readonly string[];
  /**
   * `'insightface'`: record 0 contains the ranges of images and identities; `'plain'`: every record is an image.
   * Default: InsightFace if record 0 has two labels and no image.
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
 * `flag uint32, label float32, id uint64, id2 uint64`, then `flag` label numbers (float32), then the encoded image.
 * All numbers are little-endian. Records are ordered by their numbers in the index. The classes are the distinct labels,
 * ascending, named by their digits.
 *
 * Reference: dmlc-core, `recordio.h`; MXNet, `python/mxnet/recordio.py`; InsightFace, `face2rec2.py`.
 * @throws DataError if the index or a record is damaged
 * @throws ConfigError for options that do not match the set
 */
export async function readRecordIO(
  { records, index: indexFile }: RecordIOFiles,
  options: RecordIOOptions = {},
): Promise<RecordIOSource> {
  const { classOf = ([first = -1]) => first } = options;
  const index = indexFile ? await readRecordIndex(indexFile, records.size) : await scanRecords(records);
  const layout = await chooseLayout(records, index, options);
  const start = layout ? findRecord(index, 0) + 1 : 0;
  const count = layout ? layout.imagesEnd - 1 : index.keys.length;
  const given = typeof options.labels === 'object' ? options.labels : undefined;
  if (given && given.length !== count) {
    throw new ConfigError(
      `${records.name} has ${count} images, but the option labels has ${given.length} numbers.`,
    );
  }
  const values = given ?? (await readLabels(records, index, layout, { start, count, classOf, options }));
  const { classNames, labels } = classTableFromNumbers(values, records.name, options.classNames);
  return {
    size: count,
    classNames,
    labels,
    keys: index.keys.subarray(start, start + count),
    origin: (position) => recordName(records, index.keys[start + position] as number),
    async get(position) {
      checkIndex(records.name, position, count);
      const record = await readRecord(records, index, start + position);
      const origin = recordName(records, index.keys[start + position] as number);
      if (!given && classOf(record.labels) !== values[position]) {
        throw new DataError(
          `${origin}: its label is ${record.labels[0]}, expected ${values[position]}; the file has changed since it was ` +
            'opened.',
        );
      }
      return { bytes: record.image, label: labels[position] as number, labels: record.labels, origin };
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
    `${records.name} is not an InsightFace set: it has no record 0 with two labels and without image.`,
  );
}

async function readLabels(
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
  // Above 2^24, float32 does not represent every integer, so the ranges of identities may be off by one.
  const isExact = layout !== null && layout.imagesEnd <= 2 ** 24;
  const identities = layout && hasIdentityRecords(index, layout) ? layout : null;
  if (options.labels === 'identities' && !identities) {
    throw new ConfigError(`${records.name} has no identity records; use labels: 'records'.`);
  }
  if (identities && (options.labels === 'identities' || (options.labels === undefined && isExact))) {
    return readLabelsFromIdentities(records, index, identities, classOf);
  }
  return readLabelsFromRecords(records, index, { start, count }, classOf);
}
