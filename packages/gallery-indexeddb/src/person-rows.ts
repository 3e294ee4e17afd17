import { ConflictError, meanTemplate, type Person } from '@openset/gallery';
import { resultOf } from './requests.ts';
import { nameKeyOf, type PersonRow } from './schema.ts';

/** An embedding in a row. */
export type EmbeddingInRow = PersonRow['embeddings'][number];

/** Returns the row of an identifier. */
export function personById(people: IDBObjectStore, id: string): Promise<PersonRow | undefined> {
  return resultOf(people.get(id));
}

/** Returns the row of a name in the form NFC. */
export function personByName(people: IDBObjectStore, name: string): Promise<PersonRow | undefined> {
  return resultOf(people.index('nameKey').get(nameKeyOf(name)));
}

/** @throws ConflictError if a person has the name */
export async function requireFreeName(people: IDBObjectStore, name: string): Promise<void> {
  if ((await resultOf(people.index('nameKey').count(nameKeyOf(name)))) > 0)
    throw new ConflictError(`The gallery already has a person named '${name}'.`);
}

/** Returns a row with its keys. */
export function rowOf(
  person: Omit<PersonRow, 'nameKey' | 'embeddingIds' | 'revision'>,
  revision: number,
): PersonRow {
  const embeddingIds = person.embeddings.map(({ id }) => id);
  return { ...person, nameKey: nameKeyOf(person.name), embeddingIds, revision };
}

/** Returns an embedding for a row. Its values have memory of their own: a browser stores all memory that they are a part of. */
export function embeddingInRow({ id, source, enrolledAt, values }: EmbeddingInRow): EmbeddingInRow {
  return { id, source, enrolledAt, values: values.slice() };
}

/** Returns a person as callers see them. */
export function personOf({ id, name, metadata, enrolledAt, embeddings }: PersonRow): Person {
  return { id, name, metadata, enrolledAt, embeddingCount: embeddings.length };
}

/** @throws DataError if the embeddings of a person, if there are any, cancel each other out */
export function requireDirection({ name, embeddings }: PersonRow): void {
  if (embeddings.length > 0)
    meanTemplate(
      name,
      embeddings.map(({ values }) => values),
    );
}
