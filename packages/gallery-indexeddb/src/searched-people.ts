import { type Candidate, type Comparison, meanTemplate, PeopleIndex, rankCandidates } from '@openset/gallery';
import { resultOf } from './requests.ts';
import type { PersonRow } from './schema.ts';

/** Number of people that are read at once. */
const peopleAtOnce = 500;

/** The vectors that a search compares, in memory. They follow the changes of all tabs. */
export class SearchedPeople {
  readonly #comparison: Comparison;
  readonly #index: PeopleIndex;
  readonly #names = new Map<string, string>();
  /** Revision of the gallery up to which people are current. */
  #revision = 0;

  constructor(embeddingSize: number, comparison: Comparison) {
    this.#comparison = comparison;
    this.#index = new PeopleIndex(embeddingSize);
  }

  /** Reads what has changed since the last call. @param revision of the gallery in this transaction */
  async refresh(people: IDBObjectStore, revision: number): Promise<void> {
    if (this.#revision === revision) return;
    const changed = people.index('revision');
    let rows: PersonRow[];
    let position = this.#revision;
    do {
      rows = await resultOf(changed.getAll(IDBKeyRange.lowerBound(position, true), peopleAtOnce));
      for (const row of rows) this.#set(row);
      position = rows.at(-1)?.revision ?? position;
    } while (rows.length === peopleAtOnce);
    // Now all people of the store are in memory, so more are in memory iff some were removed from the store.
    if (this.#names.size !== (await resultOf(people.count()))) {
      const remaining = new Set(await resultOf(people.getAllKeys()));
      for (const id of [...this.#names.keys()]) if (!remaining.has(id)) this.#remove(id);
    }
    this.#revision = revision;
  }

  /** Returns the people nearest to a unit vector, highest cosine first; people with equal cosines by name. */
  search(probe: Float32Array, limit: number): Candidate[] {
    const personOf = (slot: number) => {
      const id = this.#index.personAt(slot);
      return { id, name: this.#names.get(id)! };
    };
    return rankCandidates(this.#index.search(probe, limit), personOf, limit);
  }

  /** Removes everybody from memory. */
  clear(): void {
    this.#index.clear();
    this.#names.clear();
    this.#revision = 0;
  }

  #set({ id, name, embeddings }: PersonRow): void {
    const vectors = embeddings.map(({ values }) => values);
    const isMean = this.#comparison === 'mean' && vectors.length > 0;
    this.#index.set(id, isMean ? [meanTemplate(name, vectors)] : vectors);
    this.#names.set(id, name);
  }

  #remove(id: string): void {
    this.#index.remove(id);
    this.#names.delete(id);
  }
}
