import {
  ConfigError,
  checkNumber,
  checkQuestion,
  DataError,
  faceCropProblem,
  ShapeError,
} from '@openset/core';
import { describeCrop, isSameCrop, unitEmbedding } from '@openset/verify';
import type { FixedFacts, GalleryModel, NewEmbedding, OperatingPoint } from './gallery.ts';

/** Largest number of characters of a name. */
const longestName = 200;
/** Largest number of people on a page and of candidates. */
export const largestPage = 1000;

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
 * Returns the origin of an embedding; null if it is unknown.
 * @throws DataError if it is neither null nor text that every store can keep
 */
export function checkSource(name: string, source: string | null | undefined): string | null {
  if (source === null || source === undefined) return null;
  if (isStorableText(source)) return source;
  throw new DataError(
    `The source of an embedding of '${name}' must be null, or text without the character U+0000 and without half characters.`,
  );
}

/**
 * Returns the name after which a page starts, in the Unicode form NFC.
 * @throws DataError if it is no text that every store can compare
 */
export function checkAfter(after: string | undefined): string | undefined {
  if (after === undefined || isStorableText(after)) return after?.normalize('NFC');
  throw new DataError('people: after must be text without the character U+0000 and without half characters.');
}

/** Whether a value is text that every store can keep: databases have no U+0000 and no surrogates without their other half. */
export function isStorableText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && !/\p{Cs}/u.test(value);
}

/** Checks the number of people of a page, or of candidates. @throws ConfigError if it is out of range */
export function checkLimit(what: string, limit: number): void {
  checkNumber(`${what}: limit`, limit, { minimum: 1, maximum: largestPage, integer: true });
}

/** Returns a copy of a threshold with its question. @throws ConfigError if one is out of range */
export function checkOperatingPoint(point: OperatingPoint): OperatingPoint {
  const { threshold, question = null } = point;
  checkNumber('setOperatingPoint: threshold', threshold, { minimum: -1, maximum: 1 });
  if (question) checkQuestion(question);
  return { threshold, question: question && { ...question } };
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

/** Names a model in a message. */
export function modelText({ name, fingerprint }: GalleryModel): string {
  return `'${name}' (${fingerprint.slice(0, 12)})`;
}
