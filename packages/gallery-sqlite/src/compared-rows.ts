import { type Candidate, type Comparison, compareCodePoints } from '@openset/gallery';
import { cosineSimilarities } from '@openset/metrics';
import type { Database, Statement } from 'better-sqlite3';
import { vectorOf } from './vector-bytes.ts';

/** Row that a search compares with: number of the row, number of the person, vector. */
type ComparedRow = [row: number, person: number, vector: Uint8Array];

/**
 * The rows that a search compares, in memory: the templates of a gallery, or all its embeddings. It follows the changes of all programs.
 * All methods must run in a transaction, which shows one state of the file.
 */
export class ComparedRows {
  readonly #rows = new Map<number, { person: number; vector: Float32Array }>();
  readonly #statements: ReturnType<typeof prepareStatements>;
  /** Position in the log of changes up to which the rows are current; null before they are read. */
  #position: number | null = null;

  constructor(database: Database, comparison: Comparison) {
    this.#statements = prepareStatements(database, comparison);
  }

  /** Reads what has changed since the last call. */
  refresh(): void {
    const { firstPosition, lastPosition, changedRows, allRows, rowAt } = this.#statements;
    const last = lastPosition.get() ?? 0;
    if (this.#position === last) return;
    if (this.#position === null || this.#position + 1 < firstPosition.get()!) {
      this.#rows.clear();
      for (const row of allRows.iterate()) this.#put(row);
    } else {
      for (const number of changedRows.all(this.#position)) {
        const row = rowAt.get(number);
        if (row) this.#put(row);
        else this.#rows.delete(number);
      }
    }
    this.#position = last;
  }

  /** Returns the people nearest to a unit vector, highest cosine first; people with equal cosines by name. */
  search(probe: Float32Array, limit: number): Candidate[] {
    const best = new Map<number, number>();
    for (const { person, vector } of this.#rows.values()) {
      const cosine = cosineSimilarities(probe, vector, vector.length)[0]!;
      if (cosine > (best.get(person) ?? Number.NEGATIVE_INFINITY)) best.set(person, cosine);
    }
    const sorted = [...best].sort(([, a], [, b]) => b - a);
    const worst = sorted[Math.min(limit, sorted.length) - 1]?.[1] ?? 0;
    const candidates = sorted
      .filter(([, cosine]) => cosine >= worst)
      .map(([person, cosine]) => ({ ...this.#statements.identityOf.get(person)!, cosine }));
    candidates.sort((a, b) => b.cosine - a.cosine || compareCodePoints(a.identity, b.identity));
    return candidates.slice(0, limit);
  }

  #put([row, person, vector]: ComparedRow): void {
    this.#rows.set(row, { person, vector: vectorOf(vector) });
  }
}

function prepareStatements(database: Database, comparison: Comparison) {
  const [columns, table, key] =
    comparison === 'mean'
      ? ['person, person, vector', 'templates', 'person']
      : ['number, person, vector', 'embeddings', 'number'];
  const pluck = <T extends Statement>(sql: string) => database.prepare(sql).pluck() as unknown as T;
  const rows = <T extends Statement>(sql: string) => database.prepare(sql).raw() as unknown as T;
  return {
    identityOf: database.prepare<[number], { readonly identity: string; readonly id: string }>(
      'SELECT name AS identity, id FROM people WHERE number = ?',
    ),
    firstPosition: pluck<Statement<[], number | null>>('SELECT min(position) FROM changes'),
    lastPosition: pluck<Statement<[], number | null>>('SELECT max(position) FROM changes'),
    changedRows: pluck<Statement<[number], number>>(
      'SELECT DISTINCT compared_row FROM changes WHERE position > ?',
    ),
    allRows: rows<Statement<[], ComparedRow>>(`SELECT ${columns} FROM ${table}`),
    rowAt: rows<Statement<[number], ComparedRow>>(`SELECT ${columns} FROM ${table} WHERE ${key} = ?`),
  };
}
