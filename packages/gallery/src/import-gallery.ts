import { DataError, OpenSetError } from '@openset/core';
import { checkFixedFacts, checkOperatingPoint, requireSameFacts } from './check-input.ts';
import { checkRecord } from './check-record.ts';
import { ConflictError } from './errors.ts';
import { decodeValues, type ExportHeader, exportFormat, exportVersion } from './export-format.ts';
import type { Gallery, PersonRecord, StoredEmbedding } from './gallery.ts';

/** What an import did. */
export interface ImportCounts {
  /** People who were added. */
  readonly added: number;
  /** Embeddings of these. */
  readonly embeddings: number;
  /** People who were there already, with the same content. */
  readonly skipped: number;
}

/** Options of `importGallery`. */
export interface ImportOptions {
  /** Name of the gallery for messages, such as its path. Default `'to import into'`. */
  readonly where?: string | undefined;
  /** Called after each person with the number of lines that were read. */
  readonly onProgress?: ((counts: ImportCounts) => void) | undefined;
}

/** A record and the number of its line. */
interface NumberedRecord {
  readonly record: PersonRecord;
  readonly number: number;
}

/** Number of people who are added at the same time: a store on a disk makes them durable together. */
const peopleTogether = 64;

/**
 * Adds the people of an exported gallery, with identifiers, times and values as they were. It can be repeated: a person who is there with
 * the same content is skipped. Each person is added completely or not at all; when an error ends the import, those before the line stay,
 * and some of the 63 after it may be there too. A gallery without a threshold of its own takes that of the export.
 * @param lines from `exportGallery`, or the lines of a file; empty ones are skipped
 * @throws DataError, before anything is changed, if the gallery was made with another model, crop or embedding size; DataError that
 *   names the line for one that is damaged, or if the last line is missing; ConflictError that names the person who is there with other
 *   content, or whose name another has
 */
export async function importGallery(
  gallery: Gallery,
  lines: AsyncIterable<string> | Iterable<string>,
  { where = 'to import into', onProgress }: ImportOptions = {},
): Promise<ImportCounts> {
  const counts = { added: 0, embeddings: 0, skipped: 0 };
  const records = readRecords(gallery, lines, where);
  let adding: Promise<void>[] = [];
  const endAdding = async () => {
    const results = await Promise.allSettled(adding);
    adding = [];
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
  const add = async ({ record, number }: NumberedRecord) => {
    await importPerson(gallery, record, counts, number);
    onProgress?.({ ...counts });
  };
  let next = await records.next();
  while (!next.done) {
    const person = add(next.value);
    // `endAdding` reports the error; until then it must not count as unhandled.
    person.catch(() => {});
    adding.push(person);
    if (adding.length === peopleTogether) await endAdding();
    try {
      next = await records.next();
    } catch (error) {
      // People before a damaged line are added.
      await endAdding();
      throw error;
    }
  }
  await endAdding();
  const { operatingPoint } = next.value;
  if (operatingPoint && !gallery.facts.operatingPoint) await gallery.setOperatingPoint(operatingPoint);
  return counts;
}

/** Reads the lines of an export, and yields its people. Returns its first line. */
async function* readRecords(
  gallery: Gallery,
  lines: AsyncIterable<string> | Iterable<string>,
  where: string,
): AsyncGenerator<NumberedRecord, ExportHeader> {
  let header: ExportHeader | undefined;
  let isComplete = false;
  let [number, people] = [0, 0];
  for await (const line of lines) {
    number++;
    if (line.trim() === '') continue;
    const value = parseLine(line, number);
    if (isComplete) throw lineError(number, 'comes after the last line of the export');
    if (!header) {
      header = checkHeader(value, number);
      requireSameFacts(where, gallery.facts, { ...header, comparison: undefined });
    } else if (value.end === true) {
      checkEnd(value, people, number);
      isComplete = true;
    } else {
      people++;
      yield { record: readRecord(gallery, value, number), number };
    }
  }
  if (!header) throw new DataError('The file is empty, but an exported gallery has at least two lines.');
  if (isComplete) return header;
  throw new DataError(
    `The export ends after line ${number} without its last line, so it was truncated: export it again. The ` +
      `${people} people before that are in the gallery.`,
  );
}

/** Adds a person, or skips one who is there with the same content. */
async function importPerson(
  gallery: Gallery,
  record: PersonRecord,
  counts: { added: number; embeddings: number; skipped: number },
  number: number,
): Promise<void> {
  try {
    await gallery.restore(record);
    counts.added++;
    counts.embeddings += record.embeddings.length;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw atLine(error, number);
    const known = await gallery.find({ id: record.id });
    const embeddings = known && (await gallery.embeddings(known.id));
    if (!known || !embeddings || !isSameContent(record, { ...known, embeddings })) {
      throw new ConflictError(
        `Line ${number}: '${record.name}' (${record.id}) cannot be imported: ${error.message} Remove or rename the person, and import again.`,
        { cause: error },
      );
    }
    counts.skipped++;
  }
}

/** Whether two records of a person hold the same. */
function isSameContent(first: PersonRecord, second: PersonRecord): boolean {
  return (
    contentText(first) === contentText(second) &&
    first.embeddings.every(({ values }, index) => hasSameBits(values, second.embeddings[index]!.values))
  );
}

/** Returns all of a record except the values of embeddings as text, with sorted keys. */
function contentText({ id, name, metadata, enrolledAt, embeddings }: PersonRecord): string {
  const entries = embeddings.map((one) => [one.id, one.source, one.model, one.enrolledAt]);
  return JSON.stringify([id, name, metadata, enrolledAt, entries], (_, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** Whether two vectors of one size have the same values; 0 and -0 differ. */
function hasSameBits(first: Float32Array, second: Float32Array): boolean {
  return first.every((value, index) => Object.is(value, second[index]));
}

function parseLine(line: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw lineError(number, 'is no JSON, so the file is truncated or damaged', error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw lineError(number, 'is no JSON object, so the file is damaged');
}

function checkHeader(value: Record<string, unknown>, number: number): ExportHeader {
  if (value.format !== exportFormat) throw lineError(number, 'is not the first line of an exported gallery');
  if (value.version !== exportVersion) {
    throw lineError(
      number,
      `has version ${String(value.version)} of the format, but this release reads version ${exportVersion}`,
    );
  }
  const header = value as unknown as ExportHeader;
  try {
    checkFixedFacts(header);
    if (header.operatingPoint) checkOperatingPoint(header.operatingPoint);
  } catch (error) {
    throw atLine(error, number);
  }
  return header;
}

function checkEnd(value: Record<string, unknown>, found: number, number: number): void {
  if (value.people === found) return;
  throw lineError(number, `ends an export of ${String(value.people)} people, but ${found} came before it`);
}

/** Reads the line of a person. */
function readRecord(gallery: Gallery, value: Record<string, unknown>, number: number): PersonRecord {
  try {
    const { embeddings } = value;
    if (!Array.isArray(embeddings)) throw new DataError('A person needs a list of embeddings.');
    const { embeddingSize } = gallery.facts;
    const decoded = embeddings.map(
      (one): StoredEmbedding => ({ ...one, values: decodeValues(one?.values, embeddingSize) }),
    );
    return checkRecord({ ...value, embeddings: decoded } as unknown as PersonRecord, gallery.facts);
  } catch (error) {
    throw atLine(error, number);
  }
}

/** Returns an error with the number of the line in front. */
function atLine(error: unknown, number: number): unknown {
  if (!(error instanceof OpenSetError)) return error;
  return new DataError(`Line ${number}: ${error.message}`, { cause: error });
}

function lineError(number: number, problem: string, cause?: unknown): DataError {
  return new DataError(`Line ${number} ${problem}.`, { cause });
}
