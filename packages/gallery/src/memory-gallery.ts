import { ConfigError } from '@openset/core';
import { cosineSimilarities } from '@openset/metrics';
import { unitEmbedding } from '@openset/verify';
import {
  checkAfter,
  checkFixedFacts,
  checkLimit,
  checkNewEmbeddings,
  checkOperatingPoint,
  checkPersonName,
  checkSource,
} from './check-input.ts';
import { checkMetadata } from './check-metadata.ts';
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

/** What the gallery keeps of a person. */
interface Entry {
  readonly record: PersonRecord;
  /** Vectors that a search compares: the template, or all embeddings. */
  readonly compared: readonly Float32Array[];
}

/**
 * A gallery in the memory of this process. `exportGallery` saves it.
 *
 * @example
 * const gallery = new MemoryGallery({ model, embeddingSize: 512, crop: null, comparison: 'mean' });
 * await gallery.enroll('Ada', embeddings.map((values) => ({ values })));
 * const { identity } = await identify(gallery, probe, { threshold: 0.5 });  // 'Ada', or null for unknown
 */
export class MemoryGallery implements Gallery {
  #facts: GalleryFacts;
  readonly #byId = new Map<string, Entry>();
  readonly #idOfName = new Map<string, string>();
  readonly #embeddingIds = new Set<string>();
  #isClosed = false;

  /** @throws ConfigError if a fact is out of range */
  constructor(facts: FixedFacts) {
    checkFixedFacts(facts);
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
    const known = checkPersonName(name);
    const values = checkNewEmbeddings(known, embeddings, this.#facts.embeddingSize);
    const time = new Date().toISOString();
    const added = values.map(
      (vector, index): StoredEmbedding => ({
        id: crypto.randomUUID(),
        source: checkSource(known, embeddings[index]!.source),
        model: this.#facts.model.fingerprint,
        enrolledAt: time,
        values: vector,
      }),
    );
    const before = this.#entryNamed(known)?.record;
    const start = before ?? {
      id: crypto.randomUUID(),
      name: known,
      metadata: {},
      enrolledAt: time,
      embeddings: [],
    };
    const person = this.#put({
      ...start,
      metadata: metadata === undefined ? start.metadata : checkMetadata(metadata),
      embeddings: [...start.embeddings, ...added],
    });
    return { person, isNew: before === undefined, embeddingIds: added.map(({ id }) => id) };
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
    const entry = 'id' in key ? this.#byId.get(key.id) : this.#entryNamed(checkPersonName(key.name));
    return entry ? personOf(entry.record) : null;
  }

  async people({
    after,
    limit = 100,
  }: {
    after?: string | undefined;
    limit?: number | undefined;
  } = {}): Promise<PeoplePage> {
    this.#requireOpen();
    checkLimit('people', limit);
    const start = checkAfter(after);
    const names = [...this.#idOfName.keys()]
      .filter((name) => start === undefined || compareCodePoints(name, start) > 0)
      .sort(compareCodePoints);
    const people = names.slice(0, limit).map((name) => personOf(this.#entryNamed(name)!.record));
    return { people, next: names.length > limit ? people.at(-1)!.name : null };
  }

  async update(
    id: string,
    { name, metadata }: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
  ): Promise<Person | null> {
    this.#requireOpen();
    const entry = this.#byId.get(id);
    const changed = {
      ...(name !== undefined && { name: checkPersonName(name) }),
      ...(metadata !== undefined && { metadata: checkMetadata(metadata) }),
    };
    if (!entry) return null;
    const { record } = entry;
    if (changed.name !== undefined && changed.name !== record.name) this.#requireFreeName(changed.name);
    this.#idOfName.delete(record.name);
    return this.#put({ ...record, ...changed });
  }

  async remove(id: string): Promise<boolean> {
    this.#requireOpen();
    const entry = this.#byId.get(id);
    if (!entry) return false;
    this.#byId.delete(id);
    this.#idOfName.delete(entry.record.name);
    for (const embedding of entry.record.embeddings) this.#embeddingIds.delete(embedding.id);
    return true;
  }

  async embeddings(id: string): Promise<readonly StoredEmbedding[] | null> {
    this.#requireOpen();
    const entry = this.#byId.get(id);
    return entry ? entry.record.embeddings.map((one) => ({ ...one, values: one.values.slice() })) : null;
  }

  async removeEmbedding(personId: string, embeddingId: string): Promise<boolean> {
    this.#requireOpen();
    const record = this.#byId.get(personId)?.record;
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
    checkLimit('search', limit);
    const unit = unitEmbedding('The probe', probe, this.#facts.embeddingSize);
    const all: Candidate[] = [];
    for (const { record, compared } of this.#byId.values()) {
      if (compared.length === 0) continue;
      const cosine = compared.reduce(
        (best, vector) => Math.max(best, cosineSimilarities(unit, vector, vector.length)[0]!),
        Number.NEGATIVE_INFINITY,
      );
      all.push({ identity: record.name, id: record.id, cosine });
    }
    all.sort((a, b) => b.cosine - a.cosine || compareCodePoints(a.identity, b.identity));
    return all.slice(0, limit);
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
  }

  /** Adds or replaces a person. Throws before it changes anything if the template has no direction. */
  #put(record: PersonRecord): Person {
    const vectors = record.embeddings.map(({ values }) => values);
    const isMean = this.#facts.comparison === 'mean' && vectors.length > 0;
    const compared = isMean ? [meanTemplate(record.name, vectors)] : vectors;
    this.#byId.set(record.id, { record, compared });
    this.#idOfName.set(record.name, record.id);
    for (const { id } of record.embeddings) this.#embeddingIds.add(id);
    return personOf(record);
  }

  #entryNamed(name: string): Entry | undefined {
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
