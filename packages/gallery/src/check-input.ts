import {
  ConfigError,
  checkNumber,
  checkQuestion,
  DataError,
  faceCropProblem,
  ShapeError,
} from '@openset/core';
import { describeCrop, isSameCrop, unitEmbedding } from '@openset/verify';
import type {
  FixedFacts,
  GalleryModel,
  JsonObject,
  NewEmbedding,
  OperatingPoint,
  PersonRecord,
} from './gallery.ts';

/** Largest number of characters of a name. */
const longestName = 200;
/** Largest number of people on a page and of candidates. */
const largestPage = 1000;

/**
 * Returns a name in the Unicode form NFC, which is the same for all forms of a name.
 * @throws DataError if it is empty or blank, has more than 200 characters, or has control characters or half of a character
 */
export function checkPersonName(name: string): string {
  if (typeof name !== 'string') throw new DataError(`A name must be text, but is ${String(name)}.`);
  const composed = name.normalize('NFC');
  if (composed.trim() === '') throw new DataError('A name must not be empty.');
  if (composed.trim() !== composed)
    throw new DataError(`The name '${composed}' must not begin or end with white space.`);
  if ([...composed].length > longestName) {
    throw new DataError(`A name may have ${longestName} characters, but has ${[...composed].length}.`);
  }
  // Control characters, line separators, and surrogates without their other half.
  if (/[\p{Cc}\u2028\u2029\p{Cs}]/u.test(composed)) {
    throw new DataError(
      `The name ${JSON.stringify(composed)} has characters that cannot be shown: remove them.`,
    );
  }
  return composed;
}

/**
 * Returns embeddings at unit length.
 * @throws DataError if there are none or one has no direction; ShapeError if one has another length than `size`
 */
export function checkNewEmbeddings(
  name: string,
  embeddings: readonly NewEmbedding[],
  size: number,
): Float32Array[] {
  if (!Array.isArray(embeddings) || embeddings.length === 0)
    throw new DataError(`'${name}' has no embeddings to enroll: pass at least one.`);
  return embeddings.map((embedding) => unitEmbedding(`An embedding of '${name}'`, embedding?.values, size));
}

/**
 * Checks that metadata are a JSON object.
 * @throws DataError if they are not
 */
export function checkMetadata(metadata: JsonObject): JsonObject {
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  if (!isObject) throw new DataError('The metadata of a person must be a JSON object.');
  return JSON.parse(JSON.stringify(metadata)) as JsonObject;
}

/** Checks the number of people of a page, or of candidates. @throws ConfigError if it is out of range */
export function checkLimit(what: string, limit: number): void {
  checkNumber(`${what}: limit`, limit, { minimum: 1, maximum: largestPage, integer: true });
}

/** Checks a threshold and its question. @throws ConfigError if one is out of range */
export function checkOperatingPoint(point: OperatingPoint): void {
  checkNumber('setOperatingPoint: threshold', point.threshold, { minimum: -1, maximum: 1 });
  if (point.question) checkQuestion(point.question);
}

/** Checks the facts of a new gallery. @throws ConfigError if one is out of range */
export function checkFixedFacts(facts: FixedFacts): void {
  const { model, embeddingSize, crop, comparison } = facts ?? {};
  if (typeof model?.fingerprint !== 'string' || model.fingerprint === '' || typeof model.name !== 'string') {
    throw new ConfigError('A gallery needs the fingerprint and the name of its model.');
  }
  checkNumber('A gallery: embeddingSize', embeddingSize, { minimum: 1, integer: true });
  const problem = crop === null ? null : faceCropProblem(crop);
  if (problem !== null) throw new ConfigError(problem);
  if (comparison !== 'mean' && comparison !== 'best') {
    throw new ConfigError(
      `The comparison of a gallery must be 'mean' or 'best', but is '${String(comparison)}'.`,
    );
  }
}

/**
 * Checks that an existing gallery fits a model.
 * @param where name of the gallery for messages, such as its path
 * @param expected comparison: undefined if any will do
 * @throws DataError if it was made with another model, another crop, or with another comparison
 */
export function requireSameFacts(
  where: string,
  facts: FixedFacts,
  expected: Omit<FixedFacts, 'comparison'> & { readonly comparison?: FixedFacts['comparison'] | undefined },
): void {
  if (facts.model.fingerprint !== expected.model.fingerprint) {
    throw new DataError(
      `The gallery ${where} was made with the model ${modelText(facts.model)}, but this is ${modelText(expected.model)}. Embeddings of ` +
        'two models do not match: use the same model, or enroll the images again in a new gallery.',
    );
  }
  if (facts.embeddingSize !== expected.embeddingSize) {
    throw new ShapeError(
      `The gallery ${where} has embeddings of ${facts.embeddingSize} numbers, but the model makes ${expected.embeddingSize}.`,
    );
  }
  if (!isSameCrop(facts.crop, expected.crop)) {
    throw new DataError(
      `The gallery ${where} was enrolled with ${describeCrop(facts.crop)}, but this program takes ${describeCrop(expected.crop)}. ` +
        'Embeddings of the two do not match: enroll the images again, or crop probes in the same way.',
    );
  }
  if (expected.comparison !== undefined && expected.comparison !== facts.comparison) {
    throw new DataError(
      `The gallery ${where} compares with the ${facts.comparison} embedding of a person, not with the ${expected.comparison}: this is ` +
        'chosen when a gallery is created.',
    );
  }
}

function modelText({ name, fingerprint }: GalleryModel): string {
  return `'${name}' (${fingerprint.slice(0, 12)})`;
}

/**
 * Checks a record to restore, and returns it with unit embeddings and its name in the form NFC.
 * @throws DataError if it is damaged, or has embeddings of another model than the gallery's
 */
export function checkRecord(record: PersonRecord, { model, embeddingSize }: FixedFacts): PersonRecord {
  const { id, enrolledAt, embeddings } = record ?? {};
  const name = checkPersonName(record?.name);
  if (!isIdentifier(id)) throw damaged(name, 'an identifier of 1 to 100 visible ASCII characters');
  if (!isTime(enrolledAt)) throw damaged(name, 'a time in ISO 8601');
  if (!Array.isArray(embeddings)) throw damaged(name, 'a list of embeddings');
  const ids = new Set<string>();
  const checked = embeddings.map((one) => {
    if (!isIdentifier(one?.id)) throw damaged(name, 'an identifier for each embedding');
    if (ids.has(one.id)) throw damaged(name, 'another identifier for each embedding');
    ids.add(one.id);
    if (!isTime(one.enrolledAt)) throw damaged(name, 'a time for each embedding');
    if (one.source !== null && typeof one.source !== 'string')
      throw damaged(name, 'a source that is text or null');
    if (one.model !== model.fingerprint) {
      throw new DataError(
        `An embedding of '${name}' was made by the model ${String(one.model).slice(0, 12)}, but the gallery's model is ${modelText(model)}.`,
      );
    }
    return { ...one, values: unitEmbedding(`An embedding of '${name}'`, one.values, embeddingSize) };
  });
  return { id, name, metadata: checkMetadata(record.metadata), enrolledAt, embeddings: checked };
}

function damaged(name: string, needed: string): DataError {
  return new DataError(`The record of '${name}' is damaged: it needs ${needed}.`);
}

function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,100}$/.test(value);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) && !Number.isNaN(Date.parse(value));
}
