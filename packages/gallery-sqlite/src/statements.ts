import type { Database, Statement } from 'better-sqlite3';
import type { EmbeddingRow, PersonRow } from './rows.ts';

const person = `SELECT number, id, name, metadata, enrolled_at AS enrolledAt,
  (SELECT count(*) FROM embeddings WHERE person = people.number) AS embeddingCount FROM people`;

/** The statements of a gallery, compiled once. Texts compare by their UTF-8 bytes, which is the order of code points. */
export interface Statements {
  readonly operatingPoint: Statement<[], string | null>;
  readonly setOperatingPoint: Statement<[string | null]>;
  readonly personById: Statement<[string], PersonRow>;
  readonly personByName: Statement<[string], PersonRow>;
  readonly firstPeople: Statement<[number], PersonRow>;
  readonly peopleAfter: Statement<[string, number], PersonRow>;
  readonly addPerson: Statement<[id: string, name: string, metadata: string, enrolledAt: string]>;
  readonly changePerson: Statement<[name: string, metadata: string, number: number]>;
  readonly removePerson: Statement<[string]>;
  readonly countPeople: Statement<[], number>;
  readonly embeddingsOf: Statement<[number], EmbeddingRow>;
  readonly vectorsOf: Statement<[number], Uint8Array>;
  readonly hasEmbedding: Statement<[string], number>;
  readonly addEmbedding: Statement<
    [id: string, person: number, source: string | null, enrolledAt: string, vector: Uint8Array]
  >;
  readonly removeEmbedding: Statement<[id: string, person: number]>;
  readonly countEmbeddings: Statement<[], number>;
  readonly setTemplate: Statement<[person: number, vector: Uint8Array]>;
  readonly removeTemplate: Statement<[number]>;
}

/** Compiles the statements of a gallery. */
export function prepareStatements(database: Database): Statements {
  const prepare = <T extends Statement>(sql: string) => database.prepare(sql) as unknown as T;
  const pluck = <T extends Statement>(sql: string) => database.prepare(sql).pluck() as unknown as T;
  return {
    operatingPoint: pluck('SELECT operating_point FROM gallery'),
    setOperatingPoint: prepare('UPDATE gallery SET operating_point = ?'),
    personById: prepare(`${person} WHERE id = ?`),
    personByName: prepare(`${person} WHERE name = ?`),
    firstPeople: prepare(`${person} ORDER BY name LIMIT ?`),
    peopleAfter: prepare(`${person} WHERE name > ? ORDER BY name LIMIT ?`),
    addPerson: prepare('INSERT INTO people (id, name, metadata, enrolled_at) VALUES (?, ?, ?, ?)'),
    changePerson: prepare('UPDATE people SET name = ?, metadata = ? WHERE number = ?'),
    removePerson: prepare('DELETE FROM people WHERE id = ?'),
    countPeople: pluck('SELECT count(*) FROM people'),
    embeddingsOf: prepare(
      'SELECT id, source, enrolled_at AS enrolledAt, vector FROM embeddings WHERE person = ? ORDER BY number',
    ),
    vectorsOf: pluck('SELECT vector FROM embeddings WHERE person = ? ORDER BY number'),
    hasEmbedding: pluck('SELECT 1 FROM embeddings WHERE id = ?'),
    addEmbedding: prepare(
      'INSERT INTO embeddings (id, person, source, enrolled_at, vector) VALUES (?, ?, ?, ?, ?)',
    ),
    removeEmbedding: prepare('DELETE FROM embeddings WHERE id = ? AND person = ?'),
    countEmbeddings: pluck('SELECT count(*) FROM embeddings'),
    setTemplate: prepare(
      'INSERT INTO templates VALUES (?, ?) ON CONFLICT (person) DO UPDATE SET vector = excluded.vector',
    ),
    removeTemplate: prepare('DELETE FROM templates WHERE person = ?'),
  };
}
