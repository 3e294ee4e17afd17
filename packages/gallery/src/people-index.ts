import { cosineSimilarities } from '@openset/metrics';
import { quantiseRow } from './quantise-row.ts';
import { type ScoredRows, VectorIndex } from './vector-index.ts';

/** What is in a slot of the index. */
interface Row {
  readonly vector: Float32Array;
  readonly personId: string;
}

/** Vectors of people in memory, with an index that finds the nearest people exactly. */
export class PeopleIndex {
  readonly #index: VectorIndex;
  readonly #rows: (Row | undefined)[] = [];
  readonly #people = new Map<string, { readonly group: number; slots: readonly number[] }>();
  #nextGroup = 0;

  /** @throws ConfigError if the size is out of range */
  constructor(embeddingSize: number) {
    this.#index = new VectorIndex(embeddingSize);
  }

  /**
   * Sets the vectors of a person. Those that the person has already stay where they are.
   * @param vectors `[embeddingSize]` each; the index keeps them
   * @throws OutOfMemoryError, before anything is changed
   */
  set(personId: string, vectors: readonly Float32Array[]): void {
    this.#index.reserve(this.#index.rowCount + vectors.length);
    const person = this.#people.get(personId) ?? { group: this.#nextGroup++, slots: [] };
    const known = new Map(person.slots.map((slot) => [this.#rows[slot]!.vector, slot]));
    const slots = vectors.map((vector) => {
      const slot = known.get(vector) ?? this.#index.add(quantiseRow(vector), person.group);
      this.#rows[slot] = { vector, personId };
      return slot;
    });
    this.#removeRows(person.slots.filter((slot) => !slots.includes(slot)));
    this.#people.set(personId, { group: person.group, slots });
  }

  /** Removes a person. */
  remove(personId: string): void {
    this.#removeRows(this.#people.get(personId)?.slots ?? []);
    this.#people.delete(personId);
  }

  /** Removes everybody. */
  clear(): void {
    for (const personId of [...this.#people.keys()]) this.remove(personId);
  }

  /** Finds rows that decide who the nearest people are, as `VectorIndex.search` does. @param probe at unit length */
  search(probe: Float32Array, limit: number): ScoredRows {
    return this.#index.search(probe, limit, (slots) =>
      slots.map((slot) => cosineSimilarities(probe, this.#rows[slot]!.vector, probe.length)[0]!),
    );
  }

  /** Returns the identifier of the person whom the row in a slot shows. */
  personAt(slot: number): string {
    return this.#rows[slot]!.personId;
  }

  #removeRows(slots: readonly number[]): void {
    for (const slot of slots) {
      this.#index.remove(slot);
      this.#rows[slot] = undefined;
    }
  }
}
