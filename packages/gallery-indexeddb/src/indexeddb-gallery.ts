import {
  type Candidate,
  ConflictError,
  checkChanges,
  checkEnrollment,
  checkOperatingPoint,
  checkPage,
  checkPersonName,
  checkRecord,
  checkSearch,
  type Enrollment,
  type Gallery,
  type GalleryCount,
  type GalleryFacts,
  type JsonObject,
  type NewEmbedding,
  type OperatingPoint,
  type PeoplePage,
  type Person,
  type PersonKey,
  type PersonRecord,
  type StoredEmbedding,
} from '@openset/gallery';
import {
  embeddingInRow,
  personById,
  personByName,
  personOf,
  requireDirection,
  requireFreeName,
  rowOf,
} from './person-rows.ts';
import { resultOf } from './requests.ts';
import { factsKey, type GalleryRow, nameKeyOf, type PersonRow } from './schema.ts';
import { SearchedPeople } from './searched-people.ts';
import { Transactions } from './transactions.ts';

/** A gallery in IndexedDB. `openIndexedDbGallery` opens it. */
export class IndexedDbGallery implements Gallery {
  /** Name of the database. */
  readonly name: string;
  readonly #transactions: Transactions;
  readonly #searched: SearchedPeople;
  #facts: GalleryFacts;

  /** @internal */
  constructor(database: IDBDatabase, facts: GalleryFacts) {
    this.name = database.name;
    this.#facts = facts;
    this.#transactions = new Transactions(database);
    this.#searched = new SearchedPeople(facts.embeddingSize, facts.comparison);
  }

  get facts(): GalleryFacts {
    return this.#facts;
  }

  async enroll(
    name: string,
    embeddings: readonly NewEmbedding[],
    { metadata }: { readonly metadata?: JsonObject | undefined } = {},
  ): Promise<Enrollment> {
    this.#transactions.requireOpen();
    const checked = checkEnrollment(this.#facts, name, embeddings, metadata);
    const added = checked.embeddings.map(embeddingInRow);
    return this.#write(async (people, revision) => {
      const before = await personByName(people, checked.name);
      const start = before ?? {
        id: crypto.randomUUID(),
        name: checked.name,
        metadata: {},
        enrolledAt: checked.enrolledAt,
        embeddings: [],
      };
      const changed = {
        metadata: checked.metadata ?? start.metadata,
        embeddings: [...start.embeddings, ...added],
      };
      const row = rowOf({ ...start, ...changed }, revision);
      this.#put(people, row);
      return {
        person: personOf(row),
        isNew: before === undefined,
        embeddingIds: added.map(({ id }) => id),
      };
    });
  }

  async restore(record: PersonRecord): Promise<Person> {
    this.#transactions.requireOpen();
    const { embeddings, ...person } = checkRecord(record, this.#facts);
    return this.#write(async (people, revision) => {
      if (await personById(people, person.id))
        throw new ConflictError(`The gallery already has a person '${person.id}'.`);
      await requireFreeName(people, person.name);
      for (const { id } of embeddings) {
        if ((await resultOf(people.index('embeddingIds').count(id))) > 0)
          throw new ConflictError(`The gallery already has an embedding '${id}'.`);
      }
      const row = rowOf({ ...person, embeddings: embeddings.map(embeddingInRow) }, revision);
      this.#put(people, row);
      return personOf(row);
    });
  }

  async find(key: PersonKey): Promise<Person | null> {
    this.#transactions.requireOpen();
    const name = 'id' in key ? null : checkPersonName(key.name);
    return this.#read(async (people) => {
      const row = await ('id' in key ? personById(people, key.id) : personByName(people, name!));
      return row ? personOf(row) : null;
    });
  }

  async people({
    after,
    limit = 100,
  }: {
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  } = {}): Promise<PeoplePage> {
    this.#transactions.requireOpen();
    const start = checkPage(after, limit);
    // All names come after the empty one.
    const range = start ? IDBKeyRange.lowerBound(nameKeyOf(start), true) : null;
    return this.#read(async (people) => {
      const rows: PersonRow[] = await resultOf(people.index('nameKey').getAll(range, limit + 1));
      const page = rows.slice(0, limit).map(personOf);
      return { people: page, next: rows.length > limit ? page.at(-1)!.name : null };
    });
  }

  async update(
    id: string,
    changes: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
  ): Promise<Person | null> {
    this.#transactions.requireOpen();
    const changed = checkChanges(changes);
    return this.#write(async (people, revision) => {
      const before = await personById(people, id);
      if (!before) return null;
      if (changed.name !== undefined && changed.name !== before.name)
        await requireFreeName(people, changed.name);
      const row = rowOf({ ...before, ...changed }, revision);
      people.put(row);
      return personOf(row);
    });
  }

  async remove(id: string): Promise<boolean> {
    this.#transactions.requireOpen();
    return this.#write(async (people) => {
      const wasThere = (await resultOf(people.count(id))) > 0;
      people.delete(id);
      return wasThere;
    });
  }

  async embeddings(id: string): Promise<readonly StoredEmbedding[] | null> {
    this.#transactions.requireOpen();
    return this.#read(async (people) => {
      const row = await personById(people, id);
      const { fingerprint: model } = this.#facts.model;
      return row ? row.embeddings.map((embedding) => ({ ...embedding, model })) : null;
    });
  }

  async removeEmbedding(personId: string, embeddingId: string): Promise<boolean> {
    this.#transactions.requireOpen();
    return this.#write(async (people, revision) => {
      const before = await personById(people, personId);
      const remaining = before?.embeddings.filter(({ id }) => id !== embeddingId);
      if (!before || !remaining || remaining.length === before.embeddings.length) return false;
      this.#put(people, rowOf({ ...before, embeddings: remaining }, revision));
      return true;
    });
  }

  async search(
    probe: Float32Array,
    { limit = 5 }: { readonly limit?: number | undefined } = {},
  ): Promise<readonly Candidate[]> {
    this.#transactions.requireOpen();
    const unit = checkSearch(this.#facts, probe, limit);
    return this.#read(async (people, revision) => {
      await this.#searched.refresh(people, revision);
      return this.#searched.search(unit, limit);
    });
  }

  async count(): Promise<GalleryCount> {
    this.#transactions.requireOpen();
    return this.#read(async (people) => ({
      people: await resultOf(people.count()),
      embeddings: await resultOf(people.index('embeddingIds').count()),
    }));
  }

  async setOperatingPoint(point: OperatingPoint | null): Promise<void> {
    this.#transactions.requireOpen();
    const operatingPoint = point && checkOperatingPoint(point);
    await this.#write(async () => {}, { operatingPoint });
  }

  /** Does nothing: the browser gives back the space of removed people by itself. */
  async compact(): Promise<void> {
    this.#transactions.requireOpen();
  }

  async close(): Promise<void> {
    await this.#transactions.close();
    this.#searched.clear();
  }

  #read<T>(work: (people: IDBObjectStore, revision: number) => Promise<T>): Promise<T> {
    return this.#transactions.read(async ({ gallery, people }) => {
      const { revision, ...facts }: GalleryRow = await resultOf(gallery.get(factsKey));
      const result = await work(people, revision);
      this.#facts = facts;
      return result;
    });
  }

  /** @param changes of the facts */
  async #write<T>(
    work: (people: IDBObjectStore, revision: number) => Promise<T>,
    changes: Partial<GalleryFacts> = {},
  ): Promise<T> {
    const { result, facts } = await this.#transactions.write(async ({ gallery, people }) => {
      const before: GalleryRow = await resultOf(gallery.get(factsKey));
      const { revision, ...facts }: GalleryRow = { ...before, ...changes, revision: before.revision + 1 };
      const result = await work(people, revision);
      gallery.put({ ...facts, revision } satisfies GalleryRow, factsKey);
      return { result, facts };
    });
    this.#facts = facts;
    return result;
  }

  /** Writes a row. @throws DataError if the gallery compares with means, and the embeddings cancel each other out */
  #put(people: IDBObjectStore, row: PersonRow): void {
    if (this.#facts.comparison === 'mean') requireDirection(row);
    people.put(row);
  }
}
