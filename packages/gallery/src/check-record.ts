import { DataError } from '@openset/core';
import { unitEmbedding } from '@openset/verify';
import { checkPersonName, checkSource, modelText } from './check-input.ts';
import { checkMetadata } from './check-metadata.ts';
import type { FixedFacts, PersonRecord } from './gallery.ts';

/**
 * Checks a record to restore, and returns it with unit embeddings and its name in the form NFC.
 * @returns times in UTC with milliseconds, as `Date.toISOString` writes them
 * @throws DataError if it is damaged, or has embeddings of another model than the gallery's
 */
export function checkRecord(record: PersonRecord, { model, embeddingSize }: FixedFacts): PersonRecord {
  const { id, enrolledAt, embeddings } = record ?? {};
  const name = checkPersonName(record?.name);
  if (!isIdentifier(id)) throw damaged(name, 'an identifier of 1 to 100 visible ASCII characters');
  if (!isTime(enrolledAt)) throw damaged(name, 'a time in ISO 8601 with its zone');
  if (!Array.isArray(embeddings)) throw damaged(name, 'a list of embeddings');
  const ids = new Set<string>();
  const checked = embeddings.map((one) => {
    if (!isIdentifier(one?.id)) throw damaged(name, 'an identifier for each embedding');
    if (ids.has(one.id)) throw damaged(name, 'another identifier for each embedding');
    ids.add(one.id);
    if (!isTime(one.enrolledAt)) throw damaged(name, 'a time with its zone for each embedding');
    checkSource(name, one.source);
    if (one.model !== model.fingerprint) {
      throw new DataError(
        `An embedding of '${name}' was made by the model ${String(one.model).slice(0, 12)}, but the gallery's model is ${modelText(model)}.`,
      );
    }
    return {
      id: one.id,
      source: one.source,
      model: one.model,
      enrolledAt: utcTime(one.enrolledAt),
      values: unitEmbedding(`An embedding of '${name}'`, one.values, embeddingSize),
    };
  });
  return {
    id,
    name,
    metadata: checkMetadata(record.metadata),
    enrolledAt: utcTime(enrolledAt),
    embeddings: checked,
  };
}

function damaged(name: string, needed: string): DataError {
  return new DataError(`The record of '${name}' is damaged: it needs ${needed}.`);
}

/** Whether a value can be the identifier of a person or of an embedding: 1 to 100 visible ASCII characters. */
export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,100}$/.test(value);
}

function isTime(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** Returns a time as `2026-01-31T12:00:00.000Z`, so that all stores keep the same text. */
function utcTime(time: string): string {
  return new Date(time).toISOString();
}
