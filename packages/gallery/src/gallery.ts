import type { FaceCrop, ThresholdQuestion } from '@openset/core';

/** A JSON object. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Any JSON value. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** The model that made the embeddings of a gallery. */
export interface GalleryModel {
  /** Hash of everything that changes an embedding: `modelFingerprint` of `@openset/verify`, 64 hexadecimal digits. */
  readonly fingerprint: string;
  /** Name of the model for messages, such as `faceres` or a path. */
  readonly name: string;
}

/**
 * How a search compares a probe with a person: `'mean'` with the mean of all embeddings of the person, at unit length; `'best'` with
 * the nearest of them.
 */
export type Comparison = 'mean' | 'best';

/** A threshold that was chosen for a gallery. */
export interface OperatingPoint {
  /** Accept the best match iff its cosine is at least this; from -1 to 1. */
  readonly threshold: number;
  /** Question that the threshold answers; null if it is unknown. */
  readonly question: ThresholdQuestion | null;
}

/** Facts that are fixed when a gallery is created. */
export interface FixedFacts {
  /** Model that made the embeddings. */
  readonly model: GalleryModel;
  /** Number of values of an embedding, at least 1. */
  readonly embeddingSize: number;
  /** How the images are cropped; null for images as they are. */
  readonly crop: FaceCrop | null;
  /** How a probe is compared with the embeddings of a person. */
  readonly comparison: Comparison;
}

/** Facts of a gallery. */
export interface GalleryFacts extends FixedFacts {
  /** Time of creation, ISO 8601 in UTC. */
  readonly createdAt: string;
  /** Threshold chosen for this gallery; null if that of the model for a gallery of this size decides. */
  readonly operatingPoint: OperatingPoint | null;
}

/** A person of a gallery. */
export interface Person {
  /** Identifier that never changes; a UUID unless the person was restored with another. */
  readonly id: string;
  /** Name, unique in the gallery, in the Unicode form NFC. */
  readonly name: string;
  /** Data of the caller. */
  readonly metadata: JsonObject;
  /** Time of the first enrollment, ISO 8601 in UTC with milliseconds. */
  readonly enrolledAt: string;
  /** Number of embeddings. A person without any is listed, but not found by a search. */
  readonly embeddingCount: number;
}

/** An embedding to enroll. */
export interface NewEmbedding {
  /** `[embeddingSize]`; need not have unit length. */
  readonly values: Float32Array;
  /** Origin for people, such as the name of a file; null if unknown. Default null. */
  readonly source?: string | null;
}

/** An embedding in a gallery, without its values. */
export interface EmbeddingEntry {
  /** Identifier that never changes. */
  readonly id: string;
  /** Origin for people, such as the name of a file; null if unknown. */
  readonly source: string | null;
  /** Fingerprint of the model that made it. */
  readonly model: string;
  /** ISO 8601 in UTC. */
  readonly enrolledAt: string;
}

/** An embedding in a gallery. */
export interface StoredEmbedding extends EmbeddingEntry {
  /** `[embeddingSize]`, at unit length. */
  readonly values: Float32Array;
}

/** Everything a gallery keeps of a person. */
export interface PersonRecord extends Omit<Person, 'embeddingCount'> {
  /** In order of enrollment. */
  readonly embeddings: readonly StoredEmbedding[];
}

/** Result of an enrollment. */
export interface Enrollment {
  /** The person after the enrollment. */
  readonly person: Person;
  /** Whether the enrollment created the person. */
  readonly isNew: boolean;
  /** Identifiers of the new embeddings, in the order given. */
  readonly embeddingIds: readonly string[];
}

/** Names a person by the identifier `id`, which never changes, or by the `name`, which is unique in a gallery. */
export type PersonKey = { readonly id: string } | { readonly name: string };

/** A page of the list of people. */
export interface PeoplePage {
  /** People of the page, in the order of the list. */
  readonly people: readonly Person[];
  /** `after` of the next page; null if this page is the last. */
  readonly next: string | null;
}

/** A person and their cosine with a probe. */
export interface Candidate {
  /** Name of the person. */
  readonly identity: string;
  /** Identifier of the person. */
  readonly id: string;
  /** Cosine with the probe, from -1 to 1. */
  readonly cosine: number;
}

/** Sizes of a gallery. */
export interface GalleryCount {
  /** Number of people. */
  readonly people: number;
  /** Number of embeddings. */
  readonly embeddings: number;
}

/**
 * A store of known people for open-set identification. `identify` decides with it whether a probe shows one of them.
 *
 * Every store keeps this contract, and `galleryConformance` of `@openset/testkit/vitest` tests it:
 *
 * - A call changes everything or nothing. When its promise resolves, the change is durable, if the store is.
 * - Bad input rejects with a `DataError`, `ShapeError` or `ConfigError`, before anything is changed.
 * - Names are compared in the Unicode form NFC. Stores treat names, sources and metadata as plain text. Text has neither U+0000 nor
 *   half characters.
 * - Results are copies: a caller who changes them changes nothing in the gallery.
 * - Calls may overlap. Changes of other processes are visible to calls that begin after them.
 * - After `close`, every call rejects with a `ConfigError`, except `close`, which does nothing.
 */
export interface Gallery {
  /** Facts of this gallery. Others can change `operatingPoint`; `count` and `search` read it again. */
  readonly facts: GalleryFacts;

  /**
   * Adds embeddings to a person, and creates the person if there is none of that name.
   * @param name 1 to 200 characters, without control characters, in any Unicode form; see `checkPersonName`
   * @param embeddings at least one
   * @param options `metadata`: replaces that of the person; default: unchanged, or `{}` for a new person
   * @throws DataError if there are no embeddings, one has no direction, or with `'mean'` they cancel each other out; ShapeError if
   *   one has another length than `embeddingSize`
   */
  enroll(
    name: string,
    embeddings: readonly NewEmbedding[],
    options?: { readonly metadata?: JsonObject | undefined },
  ): Promise<Enrollment>;

  /**
   * Adds a person with the identifiers and times of a record, as an import does.
   * @throws ConflictError if the identifier, the name, or the identifier of an embedding is taken; DataError for a damaged record or
   *   one of another model
   */
  restore(record: PersonRecord): Promise<Person>;

  /** Returns a person, or null. */
  find(key: PersonKey): Promise<Person | null>;

  /**
   * Lists people by name, in the order of Unicode code points.
   * @param options `after`: starts after this name; default: at the first. `limit`: people on a page, from 1 to 1,000; default 100
   */
  people(options?: {
    readonly after?: string | undefined;
    readonly limit?: number | undefined;
  }): Promise<PeoplePage>;

  /**
   * Changes the name or the metadata of a person.
   * @returns the person; null if there is none
   * @throws ConflictError if another person has the name
   */
  update(
    id: string,
    change: { readonly name?: string | undefined; readonly metadata?: JsonObject | undefined },
  ): Promise<Person | null>;

  /**
   * Removes a person with all embeddings. Nothing of them stays in the store.
   * @returns whether the person was there
   */
  remove(id: string): Promise<boolean>;

  /** Returns the embeddings of a person in order of enrollment; null if there is no such person. */
  embeddings(id: string): Promise<readonly StoredEmbedding[] | null>;

  /**
   * Removes an embedding of a person.
   * @returns whether it was there
   * @throws DataError if, with `'mean'`, the other embeddings of the person cancel each other out
   */
  removeEmbedding(personId: string, embeddingId: string): Promise<boolean>;

  /**
   * Finds the people nearest to a probe, by the gallery's `comparison`.
   * @param probe `[embeddingSize]`; need not have unit length
   * @param options `limit`: number of people, from 1 to 1,000; default 5
   * @returns highest cosine first; people with equal cosines by name. Cosines are computed from the float32 embeddings
   * @throws ShapeError or DataError for a bad probe
   */
  search(
    probe: Float32Array,
    options?: { readonly limit?: number | undefined },
  ): Promise<readonly Candidate[]>;

  /** Returns the number of people and of embeddings. */
  count(): Promise<GalleryCount>;

  /**
   * Sets the threshold of this gallery; null for that of the model.
   * @throws ConfigError if it is out of range
   */
  setOperatingPoint(point: OperatingPoint | null): Promise<void>;

  /** Returns space of removed people to the system, if the store keeps files. It can take long. */
  compact(): Promise<void>;

  /** Frees what the gallery holds. Calls that have begun end first. */
  close(): Promise<void>;
}
