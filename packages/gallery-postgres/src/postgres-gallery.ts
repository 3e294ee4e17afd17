import {
  type Candidate,
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
  isIdentifier,
  type JsonObject,
  type NewEmbedding,
  type OperatingPoint,
  type PeoplePage,
  type Person,
  type PersonKey,
  type PersonRecord,
  type StoredEmbedding,
} from '@openset/gallery';
import type { Database, RunStatement } from './database.ts';
import type { GallerySchema } from './gallery-schema.ts';
import type { HnswOptions } from './hnsw-index.ts';
import {
  explainConflict,
  insertEmbeddings,
  personColumns,
  personOf,
  readEmbeddings,
  updateTemplate,
} from './person-rows.ts';
import { searchPeople } from './search-people.ts';

/** A gallery in a PostgreSQL database, from `openPostgresGallery`. */
export class PostgresGallery implements Gallery {
  readonly #database: Database;
  readonly #schema: GallerySchema;
  readonly #hnsw: Required<HnswOptions> | null;
  #facts: GalleryFacts;

  constructor(
    database: Database,
    schema: GallerySchema,
    facts: GalleryFacts,
    hnsw: Required<HnswOptions> | null,
  ) {
    this.#database = database;
    this.#schema = schema;
    this.#facts = facts;
    this.#hnsw = hnsw;
  }

  get facts(): GalleryFacts {
    return this.#facts;
  }

  async enroll(
    name: string,
    embeddings: readonly NewEmbedding[],
    { metadata }: { readonly metadata?: JsonObject | undefined } = {},
  ): Promise<Enrollment> {
    this.#database.requireOpen();
    const checked = checkEnrollment(this.#facts, name, embeddings, metadata);
    const { name: known, enrolledAt, embeddings: added } = checked;
    const replaced = checked.metadata === undefined ? null : JSON.stringify(checked.metadata);
    const newId = crypto.randomUUID();
    const { people } = this.#schema;
    return await this.#database.transaction(async (run) => {
      // The row stays locked until the end, so that two enrollments of a person follow each other.
      const [row] = await run(
        `INSERT INTO ${people} AS p (id, name, metadata, enrolled_at) VALUES ($1, $2, coalesce($3::json, '{}'), $4)
         ON CONFLICT (name) DO UPDATE SET metadata = coalesce($3::json, p.metadata) RETURNING id`,
        [newId, known, replaced, enrolledAt],
      );
      await insertEmbeddings(run, this.#schema, row.id, added);
      const isNew = row.id === newId;
      const person = await this.#finishChange(run, { id: row.id, name: known }, isNew ? 1 : 0, added.length);
      return { person, isNew, embeddingIds: added.map(({ id }) => id) };
    });
  }

  async restore(record: PersonRecord): Promise<Person> {
    this.#database.requireOpen();
    const checked = checkRecord(record, this.#facts);
    const { id, name, metadata, enrolledAt, embeddings } = checked;
    return await this.#database.transaction((run) =>
      explainConflict(checked, async () => {
        await run(
          `INSERT INTO ${this.#schema.people} (id, name, metadata, enrolled_at) VALUES ($1, $2, $3, $4)`,
          [id, name, JSON.stringify(metadata), enrolledAt],
        );
        await insertEmbeddings(run, this.#schema, id, embeddings);
        return await this.#finishChange(run, checked, 1, embeddings.length);
      }),
    );
  }

  async find(key: PersonKey): Promise<Person | null> {
    this.#database.requireOpen();
    if ('id' in key && !isIdentifier(key.id)) return null;
    const [column, value] = 'id' in key ? ['id', key.id] : ['name', checkPersonName(key.name)];
    return await this.#database.read((run) => this.#findBy(run, column, value));
  }

  async people({
    after,
    limit = 100,
  }: {
    after?: string | undefined;
    limit?: number | undefined;
  } = {}): Promise<PeoplePage> {
    this.#database.requireOpen();
    const start = checkPage(after, limit) ?? null;
    const rows = await this.#database.read((run) =>
      run(
        `SELECT ${personColumns(this.#schema)} FROM ${this.#schema.people} p
         WHERE $1::text IS NULL OR p.name > $1 ORDER BY p.name LIMIT $2`,
        [start, limit + 1],
      ),
    );
    const people = rows.slice(0, limit).map(personOf);
    return { people, next: rows.length > limit ? people.at(-1)!.name : null };
  }

  async update(
    id: string,
    changes: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
  ): Promise<Person | null> {
    this.#database.requireOpen();
    const { name: renamed = null, metadata } = checkChanges(changes);
    const replaced = metadata === undefined ? null : JSON.stringify(metadata);
    if (!isIdentifier(id)) return null;
    return await this.#database.transaction((run) =>
      explainConflict({ id, name: renamed ?? '' }, async () => {
        const [row] = await run(
          `UPDATE ${this.#schema.people} p SET name = coalesce($2, p.name), metadata = coalesce($3::json, p.metadata)
           WHERE id = $1 RETURNING ${personColumns(this.#schema)}`,
          [id, renamed, replaced],
        );
        return row ? personOf(row) : null;
      }),
    );
  }

  async remove(id: string): Promise<boolean> {
    this.#database.requireOpen();
    if (!isIdentifier(id)) return false;
    const { people, embeddings } = this.#schema;
    return await this.#database.transaction(async (run) => {
      const [locked] = await run(`SELECT id FROM ${people} WHERE id = $1 FOR UPDATE`, [id]);
      if (!locked) return false;
      const removed = await run(`DELETE FROM ${embeddings} WHERE person_id = $1 RETURNING 1`, [id]);
      await run(`DELETE FROM ${people} WHERE id = $1`, [id]);
      await this.#changeCount(run, -1, -removed.length);
      return true;
    });
  }

  async embeddings(id: string): Promise<readonly StoredEmbedding[] | null> {
    this.#database.requireOpen();
    if (!isIdentifier(id)) return null;
    return await this.#database.read(async (run) => {
      const found = await readEmbeddings(run, this.#schema, id);
      return found.length > 0 || (await this.#findBy(run, 'id', id)) ? found : null;
    });
  }

  async removeEmbedding(personId: string, embeddingId: string): Promise<boolean> {
    this.#database.requireOpen();
    if (!isIdentifier(personId) || !isIdentifier(embeddingId)) return false;
    const { people, embeddings } = this.#schema;
    return await this.#database.transaction(async (run) => {
      const [person] = await run(`SELECT id, name FROM ${people} WHERE id = $1 FOR UPDATE`, [personId]);
      if (!person) return false;
      const removed = await run(`DELETE FROM ${embeddings} WHERE id = $1 AND person_id = $2 RETURNING 1`, [
        embeddingId,
        personId,
      ]);
      if (removed.length === 0) return false;
      await this.#finishChange(run, person, 0, -1);
      return true;
    });
  }

  async search(
    probe: Float32Array,
    { limit = 5 }: { limit?: number | undefined } = {},
  ): Promise<readonly Candidate[]> {
    this.#database.requireOpen();
    const unit = checkSearch(this.#facts, probe, limit);
    const { comparison } = this.#facts;
    const request = { schema: this.#schema, comparison, probe: unit, limit, hnsw: this.#hnsw };
    const { candidates, gallery } = await this.#database.read((run) => searchPeople(run, request));
    this.#facts = { ...this.#facts, operatingPoint: gallery.operating_point };
    return candidates;
  }

  async count(): Promise<GalleryCount> {
    const [row] = await this.#database.read((run) =>
      run(`SELECT people, embeddings, operating_point FROM ${this.#schema.gallery}`),
    );
    this.#facts = { ...this.#facts, operatingPoint: row.operating_point };
    return { people: Number(row.people), embeddings: Number(row.embeddings) };
  }

  async setOperatingPoint(point: OperatingPoint | null): Promise<void> {
    this.#database.requireOpen();
    const operatingPoint = point && checkOperatingPoint(point);
    await this.#database.transaction((run) =>
      run(`UPDATE ${this.#schema.gallery} SET operating_point = $1`, [
        operatingPoint && JSON.stringify(operatingPoint),
      ]),
    );
    this.#facts = { ...this.#facts, operatingPoint };
  }

  /** Frees the space of removed people for new ones, and ends their rows in the tables; backups and the log of changes are not touched. */
  async compact(): Promise<void> {
    const { gallery, people, embeddings, templates } = this.#schema;
    await this.#database.maintain(async (run) => {
      await run('SET statement_timeout = 0');
      await run(`VACUUM (ANALYZE) ${gallery}, ${people}, ${embeddings}, ${templates}`);
    });
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** Writes what follows from a change of the embeddings of a person, and returns the person. Last step of a transaction. */
  async #finishChange(
    run: RunStatement,
    person: { readonly id: string; readonly name: string },
    addedPeople: number,
    addedEmbeddings: number,
  ): Promise<Person> {
    if (this.#facts.comparison === 'mean') await updateTemplate(run, this.#schema, person);
    const changed = (await this.#findBy(run, 'id', person.id))!;
    await this.#changeCount(run, addedPeople, addedEmbeddings);
    return changed;
  }

  /** Adds to the numbers of people and embeddings. All changes wait for this row, so a transaction does it last. */
  async #changeCount(run: RunStatement, people: number, embeddings: number): Promise<void> {
    await run(`UPDATE ${this.#schema.gallery} SET people = people + $1, embeddings = embeddings + $2`, [
      people,
      embeddings,
    ]);
  }

  async #findBy(run: RunStatement, column: string, value: string): Promise<Person | null> {
    const [row] = await run(
      `SELECT ${personColumns(this.#schema)} FROM ${this.#schema.people} p WHERE p.${column} = $1`,
      [value],
    );
    return row ? personOf(row) : null;
  }
}
