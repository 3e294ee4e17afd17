import {
  type Candidate,
  type Comparison,
  type GalleryFacts,
  quantiseRow,
  rankCandidates,
  VectorIndex,
} from '@openset/gallery';
import { cosineSimilarities } from '@openset/metrics';
import type { Database, Statement } from 'better-sqlite3';
import { vectorOf } from './vector-bytes.ts';

/** Row that a search compares with: number of the row, number of the person, vector. */
type ComparedRow = [row: number, person: number, vector: Uint8Array];

/** The person whom a row shows, and the vector of the row. */
interface ScoredRow {
  readonly id: string;
  readonly name: string;
  readonly vector: Uint8Array;
}

/**
 * An index in memory of the rows that a search compares: the templates of a gallery, or all its embeddings. It follows the changes of all
 * programs. The float32 vectors stay in the file; a search reads those of the people who may be the nearest. All methods must run in a
 * transaction, which shows one state of the file.
 */
export class ComparedRows {
  readonly #embeddingSize: number;
  readonly #statements: ReturnType<typeof prepareStatements>;
  #index: VectorIndex;
  /** Slot in the index of each row. */
  readonly #slots = new Map<number, number>();
  /** Row in each slot of the index. */
  readonly #rows: number[] = [];
  /** Position in the log of changes up to which the index is current; null before it is filled. */
  #position: number | null = null;

  constructor(database: Database, { comparison, embeddingSize }: GalleryFacts) {
    this.#embeddingSize = embeddingSize;
    this.#statements = prepareStatements(database, comparison);
    this.#index = new VectorIndex(embeddingSize);
  }

  /** Reads what has changed since the last call. */
  refresh(): void {
    const { firstPosition, lastPosition, changedRows, rowAt } = this.#statements;
    const last = lastPosition.get() ?? 0;
    if (this.#position === last) return;
    if (this.#position === null || this.#position + 1 < firstPosition.get()!) {
      this.#readAll();
    } else {
      for (const number of changedRows.all(this.#position)) {
        this.#remove(number);
        const row = rowAt.get(number);
        if (row) this.#add(row);
      }
    }
    this.#position = last;
  }

  /** Returns the people nearest to a unit vector, highest cosine first; people with equal cosines by name. */
  search(probe: Float32Array, limit: number): Candidate[] {
    const people = new Map<number, ScoredRow>();
    const scored = this.#index.search(probe, limit, (slots) =>
      slots.map((slot) => {
        const row = this.#statements.scoredRow.get(this.#rows[slot]!)!;
        people.set(slot, row);
        return cosineSimilarities(probe, vectorOf(row.vector), probe.length)[0]!;
      }),
    );
    return rankCandidates(scored, (slot) => people.get(slot)!, limit);
  }

  #readAll(): void {
    // Until the end, the index is incomplete.
    this.#position = null;
    this.#index = new VectorIndex(this.#embeddingSize);
    this.#slots.clear();
    this.#rows.length = 0;
    const { countRows, allRows } = this.#statements;
    this.#index.reserve(countRows.get()!);
    for (const row of allRows.iterate()) this.#add(row);
  }

  #add([row, person, vector]: ComparedRow): void {
    const slot = this.#index.add(quantiseRow(vectorOf(vector)), person);
    this.#slots.set(row, slot);
    this.#rows[slot] = row;
  }

  #remove(row: number): void {
    const slot = this.#slots.get(row);
    if (slot === undefined) return;
    this.#index.remove(slot);
    this.#slots.delete(row);
  }
}

function prepareStatements(database: Database, comparison: Comparison) {
  const [table, row] = comparison === 'mean' ? ['templates', 'person'] : ['embeddings', 'number'];
  const compared = `SELECT ${row}, person, vector FROM ${table}`;
  const pluck = <T extends Statement>(sql: string) => database.prepare(sql).pluck() as unknown as T;
  return {
    firstPosition: pluck<Statement<[], number | null>>('SELECT min(position) FROM changes'),
    lastPosition: pluck<Statement<[], number | null>>('SELECT max(position) FROM changes'),
    changedRows: pluck<Statement<[number], number>>(
      'SELECT DISTINCT compared_row FROM changes WHERE position > ?',
    ),
    countRows: pluck<Statement<[], number>>(`SELECT count(*) FROM ${table}`),
    allRows: database.prepare(compared).raw() as unknown as Statement<[], ComparedRow>,
    rowAt: database.prepare(`${compared} WHERE ${row} = ?`).raw() as unknown as Statement<
      [number],
      ComparedRow
    >,
    scoredRow: database.prepare<[number], ScoredRow>(
      `SELECT people.id, people.name, vector FROM ${table} JOIN people ON people.number = person WHERE ${table}.${row} = ?`,
    ),
  };
}
