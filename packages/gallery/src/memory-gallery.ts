import { ConfigError } from '@openset/core';
import { checkChanges, checkEnrollment, checkPage, checkSearch } from './check-calls.ts';
import { checkFixedFacts, checkOperatingPoint, checkPersonName } from './check-input.ts';
import { checkRecord } from './check-record.ts';
import { compareCodePoints } from './compare-code-points.ts';
import { ConflictError } from './errors.ts';
import type {
  Candidate,
  Enrollment,
  FixedFacts,
  Gallery,
  GalleryCount,
  GalleryFacts,
  JsonObject,
  NewEmbedding,
  OperatingPoint,
  PeoplePage,
  Person,
  PersonKey,
  PersonRecord,
  StoredEmbedding,
} from './gallery.ts';
import { meanTemplate } from './mean-template.ts';
import { PeopleIndex } from './people-index.ts';
import { rankCandidates } from './rank-candidates.ts';

/**
 * A gallery in the memory of this process. `exportGallery` saves it.
 *
 * @example
 * import { identify, MemoryGallery } from '@openset/gallery';
 *
 * const model = { fingerprint: 'a'.repeat(64), name: 'plane' }; // `modelFingerprint` of @openset/verify
 * const gallery = new MemoryGallery({ model, embeddingSize: 2, crop: null, comparison: 'mean' });
 * await gallery.enroll('Ada', [{ values: Float32Array.of(0.6, 0.8) }]);
 * const { identity } = await identify(gallery, Float32Array.of(0.5, 0.9), { threshold: 0.5 });
 * console.log(identity ?? 'unknown'); // Ada
 */
export class MemoryGallery implements Gallery {
  #facts: GalleryFacts;
  readonly #byId = new Map<string, PersonRecord>();
  readonly #idOfName = new Map<string, string>();
  readonly #embeddingIds = new Set<string>();
  /** Vectors that a search compares: the template of each person, or all embeddings. */
  readonly #index: PeopleIndex;
  /** Names in order; null if they have changed since. */
  #sortedNames: readonly string[] | null = null;
  #isClosed = false;

  /** @throws ConfigError if a fact is out of range */
  constructor(facts: FixedFacts) {
    checkFixedFacts(facts);
    this.#index = new PeopleIndex(facts.embeddingSize);
    this.#facts = { ...facts, createdAt: new Date().toISOString(), operatingPoint: null };
  }

  get facts(): GalleryFacts {
    return this.#facts;
  }

  async enroll(
    name: string,
    embeddings: readonly NewEmbedding[],
    { metadata }: { readonly metadata?: JsonObject | undefined } = {},
  ): Promise<Enrollment> {
    this.#requireOpen();
    const added = checkEnrollment(this.#facts, name, embeddings, metadata);
    const before = this.#recordNamed(added.name);
    const start = before ?? { ...added, id: crypto.randomUUID(), metadata: {}, embeddings: [] };
    const person = this.#put({
      ...start,
      metadata: added.metadata ?? start.metadata,
      embeddings: [...start.embeddings, ...added.embeddings],
    });
    return { person, isNew: before === undefined, embeddingIds: added.embeddings.map(({ id }) => id) };
  }

  async restore(record: PersonRecord): Promise<Person> {
    this.#requireOpen();
    const checked = checkRecord(record, this.#facts);
    if (this.#byId.has(checked.id))
      throw new ConflictError(`The gallery already has a person '${checked.id}'.`);
    this.#requireFreeName(checked.name);
    const taken = checked.embeddings.find(({ id }) => this.#embeddingIds.has(id));
    if (taken) throw new ConflictError(`The gallery already has an embedding '${taken.id}'.`);
    return this.#put(checked);
  }

  async find(key: PersonKey): Promise<Person | null> {
    this.#requireOpen();
    const record = 'id' in key ? this.#byId.get(key.id) : this.#recordNamed(checkPersonName(key.name));
    return record ? personOf(record) : null;
  }

  async people({
    after,
    limit = 100,
  }: {
    after?: string | undefined;
    limit?: number | undefined;
  } = {}): Promise<PeoplePage> {
    this.#requireOpen();
    const start = checkPage(after, limit);
    this.#sortedNames ??= [...this.#idOfName.keys()].sort(compareCodePoints);
    const names = this.#sortedNames;
    const first = start === undefined ? 0 : countNotAfter(names, start);
    const people = names.slice(first, first + limit).map((name) => personOf(this.#recordNamed(name)!));
    return { people, next: names.length > first + limit ? people.at(-1)!.name : null };
  }

  async update(
    id: string,
    changes: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
  ): Promise<Person | null> {
    this.#requireOpen();
    const record = this.#byId.get(id);
    const changed = checkChanges(changes);
    if (!record) return null;
    if (changed.name !== undefined && changed.name !== record.name) this.#requireFreeName(changed.name);
    const changedRecord = { ...record, ...changed };
    this.#byId.set(id, changedRecord);
    this.#idOfName.delete(record.name);
    this.#idOfName.set(changedRecord.name, id);
    this.#sortedNames = null;
    return personOf(changedRecord);
  }

  async remove(id: string): Promise<boolean> {
    this.#requireOpen();
    const record = this.#byId.get(id);
    if (!record) return false;
    this.#byId.delete(id);
    this.#idOfName.delete(record.name);
    this.#sortedNames = null;
    this.#index.remove(id);
    for (const embedding of record.embeddings) this.#embeddingIds.delete(embedding.id);
    return true;
  }

  async embeddings(id: string): Promise<readonly StoredEmbedding[] | null> {
    this.#requireOpen();
    const record = this.#byId.get(id);
    return record ? record.embeddings.map((one) => ({ ...one, values: one.values.slice() })) : null;
  }

  async removeEmbedding(personId: string, embeddingId: string): Promise<boolean> {
    this.#requireOpen();
    const record = this.#byId.get(personId);
    const remaining = record?.embeddings.filter(({ id }) => id !== embeddingId);
    if (!record || !remaining || remaining.length === record.embeddings.length) return false;
    this.#put({ ...record, embeddings: remaining });
    this.#embeddingIds.delete(embeddingId);
    return true;
  }

  async search(
    probe: Float32Array,
    { limit = 5 }: { limit?: number | undefined } = {},
  ): Promise<readonly Candidate[]> {
    this.#requireOpen();
    const unit = checkSearch(this.#facts, probe, limit);
    const scored = this.#index.search(unit, limit);
    return rankCandidates(scored, (slot) => this.#byId.get(this.#index.personAt(slot))!, limit);
  }

  async count(): Promise<GalleryCount> {
    this.#requireOpen();
    return { people: this.#byId.size, embeddings: this.#embeddingIds.size };
  }

  async setOperatingPoint(point: OperatingPoint | null): Promise<void> {
    this.#requireOpen();
    const operatingPoint = point && checkOperatingPoint(point);
    this.#facts = { ...this.#facts, operatingPoint };
  }

  async compact(): Promise<void> {
    this.#requireOpen();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#byId.clear();
    this.#idOfName.clear();
    this.#embeddingIds.clear();
    this.#sortedNames = null;
    this.#index.clear();
  }

  /** Adds or replaces a person. Throws before it changes anything if the template has no direction. */
  #put(record: PersonRecord): Person {
    const vectors = record.embeddings.map(({ values }) => values);
    const isMean = this.#facts.comparison === 'mean' && vectors.length > 0;
    const compared = isMean ? [meanTemplate(record.name, vectors)] : vectors;
    this.#index.set(record.id, compared);
    if (!this.#byId.has(record.id)) this.#sortedNames = null;
    this.#byId.set(record.id, record);
    this.#idOfName.set(record.name, record.id);
    for (const { id } of record.embeddings) this.#embeddingIds.add(id);
    return personOf(record);
  }

  #recordNamed(name: string): PersonRecord | undefined {
    const id = this.#idOfName.get(name);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  #requireFreeName(name: string): void {
    if (this.#idOfName.has(name))
      throw new ConflictError(`The gallery already has a person named '${name}'.`);
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new ConfigError('The gallery is closed: open it again.');
  }
}

function personOf({ embeddings, ...person }: PersonRecord): Person {
  return { ...person, metadata: structuredClone(person.metadata), embeddingCount: embeddings.length };
}

/** Returns how many sorted names do not come after a text. */
function countNotAfter(names: readonly string[], text: string): number {
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareCodePoints(names[middle]!, text) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}
