import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { ConfigError, DataError } from '@openset/core';
import { encodeRecord } from './record-io-format.ts';
import { encodeImagePayload } from './record-io-payload.ts';

/** Options of `RecordIOWriter.create`. */
export interface RecordIOWriterOptions {
  /**
   * `'insightface'` writes the layout of InsightFace's training sets: record 0 contains the end of the images, and each
   * class has a record with the range of its images, which must be consecutive. Default `'plain'`.
   */
  readonly layout?: 'plain' | 'insightface';
}

const bufferBytes = 1_048_576;
const emptyImage = new Uint8Array(0);
/** 2^24, above which float32 does not represent every integer. */
const exactLimit = 16_777_216;

/**
 * Writes an MXNet RecordIO set, `.rec` and `.idx`, for `readRecordIO` and MXNet.
 *
 * The writer uses temporary files in the same folder, and `close` renames them. If the process is killed, the set is
 * either the old or the new one, and the files ending in `.tmp` can be deleted. During the renames, the `.idx` file may be
 * missing; readers then rebuild the index.
 *
 * Reference: dmlc-core, `recordio.h`; MXNet, `python/mxnet/recordio.py`.
 */
export class RecordIOWriter {
  readonly #recordPath: string;
  readonly #layout: 'plain' | 'insightface';
  readonly #temporary: { readonly records: string; readonly index: string };
  readonly #files: { readonly records: FileHandle; readonly index: FileHandle };
  readonly #classes: { label: number; begin: number }[] = [];
  readonly #seen = new Set<number>();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #indexLines: string[] = [];
  #offset = 0;
  #count = 0;
  #tail: Promise<void> = Promise.resolve();
  #isOpen = true;

  private constructor(
    recordPath: string,
    layout: 'plain' | 'insightface',
    temporary: { records: string; index: string },
    files: { records: FileHandle; index: FileHandle },
  ) {
    this.#recordPath = recordPath;
    this.#layout = layout;
    this.#temporary = temporary;
    this.#files = files;
  }

  /**
   * Creates a writer.
   * @param path path of the `.rec` file; the index has the same name with the extension `.idx`
   * @throws ConfigError if the path does not end in `.rec`
   */
  static async create(
    path: string,
    { layout = 'plain' }: RecordIOWriterOptions = {},
  ): Promise<RecordIOWriter> {
    if (!path.endsWith('.rec')) {
      throw new ConfigError(`The path of a record file must end in .rec, but is '${path}'.`);
    }
    const suffix = `${randomBytes(6).toString('hex')}.tmp`;
    const temporary = { records: `${path}.${suffix}`, index: `${indexPath(path)}.${suffix}` };
    const records = await open(temporary.records, 'wx');
    const index = await open(temporary.index, 'wx').catch(async (error) => {
      await records.close();
      await rm(temporary.records, { force: true });
      throw error;
    });
    const writer = new RecordIOWriter(path, layout, temporary, { records, index });
    // A placeholder of the right size for record 0; its labels are known at the end.
    if (layout === 'insightface') writer.#append(emptyImage, [0, 0]);
    return writer;
  }

  /** Number of records added so far, without the header record of the InsightFace layout. */
  get size(): number {
    return this.#layout === 'insightface' ? this.#count - 1 : this.#count;
  }

  /**
   * Adds a record. Calls may overlap; the order of the calls is the order of the records.
   * @param image the encoded image; may be empty
   * @param label the class, or a label array of at least one number
   * @throws DataError for a label that float32 cannot represent, an empty label array, a record of 2^29 bytes or more,
   *   or, in the InsightFace layout, a class whose images are not consecutive
   */
  async add(image: Uint8Array, label: number | ArrayLike<number>): Promise<void> {
    this.#checkOpen();
    const labels = typeof label === 'number' ? [label] : Array.from(label);
    // Fractions may be rounded; integers are classes and must be exact.
    const isRepresentable = (value: number) =>
      Number.isFinite(Math.fround(value)) && !(Number.isInteger(value) && Math.fround(value) !== value);
    const wrong = labels.find((value) => !isRepresentable(value));
    if (labels.length === 0 || wrong !== undefined) {
      const found = wrong === undefined ? 'none' : String(wrong);
      throw new DataError(
        `Record ${this.size}: the label must consist of numbers that float32 can represent, found ${found}.`,
      );
    }
    if (this.#layout === 'insightface') this.#trackClass(labels[0] as number);
    this.#append(image, label);
    if (this.#pendingBytes >= bufferBytes) await this.#flush();
  }

  /**
   * Writes the remaining data and replaces the set.
   * @throws errors of the file system, such as a full disk; the old set then remains
   */
  async close(): Promise<void> {
    this.#checkOpen();
    this.#isOpen = false;
    try {
      if (this.#layout === 'insightface') await this.#finishIdentities();
      await this.#flush();
      // A rename does not flush the contents: without this, a power failure could leave an empty file.
      await Promise.all([this.#files.records.sync(), this.#files.index.sync()]);
      await this.#closeFiles();
      // The old index is removed first: it would not match the new records, whereas readers rebuild a missing index.
      await rm(indexPath(this.#recordPath), { force: true });
      await rename(this.#temporary.records, this.#recordPath);
      await rename(this.#temporary.index, indexPath(this.#recordPath));
    } catch (error) {
      await this.#discard();
      throw error;
    }
  }

  /** Deletes the temporary files and keeps the old set. */
  async abort(): Promise<void> {
    this.#checkOpen();
    this.#isOpen = false;
    await this.#tail.catch(() => {});
    await this.#discard();
  }

  #append(image: Uint8Array, label: number | ArrayLike<number>): void {
    const encoded = encodeRecord(encodeImagePayload(image, label, this.#count));
    this.#indexLines.push(`${this.#count}\t${this.#offset}\n`);
    this.#pending.push(encoded);
    this.#pendingBytes += encoded.length;
    this.#offset += encoded.length;
    this.#count += 1;
  }

  #flush(): Promise<void> {
    const [records, index] = [Buffer.concat(this.#pending), Buffer.from(this.#indexLines.join(''))];
    this.#pending = [];
    this.#indexLines = [];
    this.#pendingBytes = 0;
    this.#tail = this.#tail.then(async () => {
      await writeAll(this.#files.records, records);
      await writeAll(this.#files.index, index);
    });
    return this.#tail;
  }

  #trackClass(label: number): void {
    if (this.#classes.at(-1)?.label === label) return;
    if (this.#seen.has(label)) {
      throw new DataError(
        `Record ${this.size}: class ${label} already has images before those of another class; the InsightFace layout ` +
          'needs the images of a class to be consecutive. Sort them, or write the plain layout.',
      );
    }
    this.#seen.add(label);
    this.#classes.push({ label, begin: this.#count });
  }

  async #finishIdentities(): Promise<void> {
    const imagesEnd = this.#count;
    const identitiesEnd = imagesEnd + this.#classes.length;
    if (identitiesEnd > exactLimit) {
      throw new DataError(`The InsightFace layout has room for ${exactLimit} records, not ${identitiesEnd}.`);
    }
    this.#classes.forEach(({ begin }, index) => {
      this.#append(emptyImage, [begin, this.#classes[index + 1]?.begin ?? imagesEnd]);
    });
    await this.#flush();
    // Neither number equals the magic number, so the record has one part, and the size of the placeholder.
    const header = encodeRecord(encodeImagePayload(emptyImage, [imagesEnd, identitiesEnd], 0));
    await this.#files.records.write(header, 0, header.length, 0);
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new ConfigError(`The writer of ${this.#recordPath} is closed.`);
  }

  async #closeFiles(): Promise<void> {
    await Promise.all([this.#files.records.close(), this.#files.index.close()]);
  }

  async #discard(): Promise<void> {
    await this.#closeFiles().catch(() => {});
    await rm(this.#temporary.records, { force: true });
    await rm(this.#temporary.index, { force: true });
  }
}

function indexPath(recordPath: string): string {
  return recordPath.replace(/\.rec$/, '.idx');
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; ) {
    start += (await file.write(bytes, start)).bytesWritten;
  }
}
