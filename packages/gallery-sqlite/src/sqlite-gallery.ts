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
import type { Database } from 'better-sqlite3';
import { ComparedRows } from './compared-rows.ts';
import { emptyLog } from './database-file.ts';
import { operatingPointOf, personOf, readFacts } from './rows.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { Transactions } from './transactions.ts';
import { updateTemplate } from './update-template.ts';
import { vectorBytes, vectorOf } from './vector-bytes.ts';

/** A gallery in an SQLite file. `openSqliteGallery` opens it. */
export class SqliteGallery implements Gallery {
  /** Absolute path of the file. */
  readonly path: string;
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #transactions: Transactions;
  readonly #compared: ComparedRows;
  #facts: GalleryFacts;

  /** @internal */
  constructor(database: Database, path: string, patience: number) {
    this.path = path;
    this.#database = database;
    this.#facts = readFacts(database);
    this.#statements = prepareStatements(database);
    this.#transactions = new Transactions(database, path, patience);
    this.#compared = new ComparedRows(database, this.#facts);
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
    const added = checkEnrollment(this.#facts, name, embeddings, metadata);
    const { name: known, enrolledAt } = added;
    const json = added.metadata && JSON.stringify(added.metadata);
    return this.#write((to) => {
      const before = to.personByName.get(known);
      if (!before) to.addPerson.run(crypto.randomUUID(), known, json ?? '{}', enrolledAt);
      else if (json !== undefined) to.changePerson.run(known, json, before.number);
      const { number } = before ?? to.personByName.get(known)!;
      for (const { id, source, values } of added.embeddings)
        to.addEmbedding.run(id, number, source, enrolledAt, vectorBytes(values));
      this.#updateTemplate(number, known);
      const person = personOf(to.personByName.get(known)!);
      return { person, isNew: before === undefined, embeddingIds: added.embeddings.map(({ id }) => id) };
    });
  }

  async restore(record: PersonRecord): Promise<Person> {
    this.#transactions.requireOpen();
    const { id, name, metadata, enrolledAt, embeddings } = checkRecord(record, this.#facts);
    return this.#write((to) => {
      if (to.personById.get(id)) throw new ConflictError(`The gallery already has a person '${id}'.`);
      this.#requireFreeName(name);
      const taken = embeddings.find((one) => to.hasEmbedding.get(one.id) !== undefined);
      if (taken) throw new ConflictError(`The gallery already has an embedding '${taken.id}'.`);
      to.addPerson.run(id, name, JSON.stringify(metadata), enrolledAt);
      const { number } = to.personById.get(id)!;
      for (const one of embeddings)
        to.addEmbedding.run(one.id, number, one.source, one.enrolledAt, vectorBytes(one.values));
      this.#updateTemplate(number, name);
      return personOf(to.personById.get(id)!);
    });
  }

  async find(key: PersonKey): Promise<Person | null> {
    this.#transactions.requireOpen();
    const name = 'id' in key ? null : checkPersonName(key.name);
    return this.#read((from) => {
      const row = 'id' in key ? from.personById.get(key.id) : from.personByName.get(name!);
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
    return this.#read((from) => {
      const rows =
        start === undefined ? from.firstPeople.all(limit + 1) : from.peopleAfter.all(start, limit + 1);
      const people = rows.slice(0, limit).map(personOf);
      return { people, next: rows.length > limit ? people.at(-1)!.name : null };
    });
  }

  async update(
    id: string,
    changes: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
  ): Promise<Person | null> {
    this.#transactions.requireOpen();
    const { name: known, metadata } = checkChanges(changes);
    const json = metadata && JSON.stringify(metadata);
    return this.#write((to) => {
      const row = to.personById.get(id);
      if (!row) return null;
      if (known !== undefined && known !== row.name) this.#requireFreeName(known);
      to.changePerson.run(known ?? row.name, json ?? row.metadata, row.number);
      return personOf(to.personById.get(id)!);
    });
  }

  async remove(id: string): Promise<boolean> {
    this.#transactions.requireOpen();
    return this.#write((to) => to.removePerson.run(id).changes > 0);
  }

  async embeddings(id: string): Promise<readonly StoredEmbedding[] | null> {
    this.#transactions.requireOpen();
    return this.#read((from) => {
      const row = from.personById.get(id);
      if (!row) return null;
      const { fingerprint: model } = this.#facts.model;
      return from.embeddingsOf
        .all(row.number)
        .map(({ vector, ...one }) => ({ ...one, model, values: vectorOf(vector) }));
    });
  }

  async removeEmbedding(personId: string, embeddingId: string): Promise<boolean> {
    this.#transactions.requireOpen();
    return this.#write((to) => {
      const row = to.personById.get(personId);
      if (!row || to.removeEmbedding.run(embeddingId, row.number).changes === 0) return false;
      this.#updateTemplate(row.number, row.name);
      return true;
    });
  }

  async search(
    probe: Float32Array,
    { limit = 5 }: { readonly limit?: number | undefined } = {},
  ): Promise<readonly Candidate[]> {
    this.#transactions.requireOpen();
    const unit = checkSearch(this.#facts, probe, limit);
    return this.#read(() => {
      this.#compared.refresh();
      return this.#compared.search(unit, limit);
    });
  }

  async count(): Promise<GalleryCount> {
    this.#transactions.requireOpen();
    return this.#read((from) => ({
      people: from.countPeople.get()!,
      embeddings: from.countEmbeddings.get()!,
    }));
  }

  async setOperatingPoint(point: OperatingPoint | null): Promise<void> {
    this.#transactions.requireOpen();
    const json = point && JSON.stringify(checkOperatingPoint(point));
    await this.#write((to) => to.setOperatingPoint.run(json));
  }

  /**
   * Rewrites the file without free space, and empties the file of recent changes beside it. After that, no byte of removed people is
   * left in either. It blocks this process; the disk needs room for another copy.
   * @throws StoreError if other programs read or write for too long
   */
  async compact(): Promise<void> {
    await this.#transactions.alone(() => this.#database.exec('VACUUM'));
    await this.#transactions.alone(() => emptyLog(this.#database));
  }

  async close(): Promise<void> {
    await this.#transactions.close();
  }

  #read<T>(work: (from: Statements) => T): Promise<T> {
    return this.#transactions.read(() => {
      this.#readOperatingPoint();
      return work(this.#statements);
    });
  }

  #write<T>(work: (to: Statements) => T): Promise<T> {
    return this.#transactions.write(() => {
      const result = work(this.#statements);
      this.#readOperatingPoint();
      return result;
    });
  }

  #updateTemplate(person: number, name: string): void {
    if (this.#facts.comparison === 'mean') updateTemplate(this.#statements, person, name);
  }

  #requireFreeName(name: string): void {
    if (this.#statements.personByName.get(name))
      throw new ConflictError(`The gallery already has a person named '${name}'.`);
  }

  #readOperatingPoint(): void {
    const operatingPoint = operatingPointOf(this.#statements.operatingPoint.get()!);
    this.#facts = { ...this.#facts, operatingPoint };
  }
}
