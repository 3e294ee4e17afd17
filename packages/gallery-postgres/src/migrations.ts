import type { GallerySchema } from './gallery-schema.ts';

/** Largest number of values of an embedding with which a row fits on a page of 8 kB beside its other columns. */
const largestPlainSize = 1800;

/** A change of the tables of a gallery, as SQL. */
type Migration = (schema: GallerySchema, embeddingSize: number) => string;

/**
 * Changes from an empty schema to the current one; the version of a gallery is the number of those it has. Released ones never change:
 * append the next.
 *
 * - Names sort by bytes of UTF-8, which is by code points.
 * - Times are text, so that an import returns them as they were.
 * - Tables keep embeddings in the row if it fits on a page, because reading them from elsewhere takes a search several times as long.
 */
export const migrations: readonly Migration[] = [
  (schema, size) => `
    CREATE TABLE ${schema.gallery} (
      is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
      schema_version integer NOT NULL,
      model_fingerprint text NOT NULL,
      model_name text NOT NULL,
      embedding_size integer NOT NULL,
      crop json,
      comparison text NOT NULL,
      created_at text NOT NULL,
      operating_point json,
      people bigint NOT NULL DEFAULT 0,
      embeddings bigint NOT NULL DEFAULT 0
    );
    CREATE TABLE ${schema.people} (
      id text COLLATE "C" PRIMARY KEY,
      name text COLLATE "C" NOT NULL CONSTRAINT people_name UNIQUE,
      metadata json NOT NULL,
      enrolled_at text NOT NULL
    );
    CREATE TABLE ${schema.embeddings} (
      id text COLLATE "C" PRIMARY KEY,
      person_id text COLLATE "C" NOT NULL REFERENCES ${schema.people} ON DELETE CASCADE,
      position bigint GENERATED ALWAYS AS IDENTITY,
      source text,
      model text NOT NULL,
      enrolled_at text NOT NULL,
      embedding ${schema.vector}.vector(${size}) NOT NULL
    );
    CREATE INDEX embeddings_of_person ON ${schema.embeddings} (person_id, position);
    CREATE TABLE ${schema.templates} (
      person_id text COLLATE "C" PRIMARY KEY REFERENCES ${schema.people} ON DELETE CASCADE,
      embedding ${schema.vector}.vector(${size}) NOT NULL
    );
    ${
      size > largestPlainSize
        ? ''
        : `ALTER TABLE ${schema.embeddings} ALTER COLUMN embedding SET STORAGE PLAIN;
           ALTER TABLE ${schema.templates} ALTER COLUMN embedding SET STORAGE PLAIN;`
    }`,
];
