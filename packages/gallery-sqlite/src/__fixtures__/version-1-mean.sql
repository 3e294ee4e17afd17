-- A gallery as version 1 wrote it. Never change this file.
BEGIN;
CREATE TABLE gallery (
      number INTEGER PRIMARY KEY CHECK (number = 1),
      model_fingerprint TEXT NOT NULL,
      model_name TEXT NOT NULL,
      embedding_size INTEGER NOT NULL,
      crop TEXT,
      comparison TEXT NOT NULL,
      created_at TEXT NOT NULL,
      operating_point TEXT
    ) STRICT;
CREATE TABLE people (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL UNIQUE,
      metadata TEXT NOT NULL,
      enrolled_at TEXT NOT NULL
    ) STRICT;
CREATE TABLE embeddings (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      person INTEGER NOT NULL REFERENCES people (number) ON DELETE CASCADE,
      source TEXT,
      enrolled_at TEXT NOT NULL,
      vector BLOB NOT NULL CHECK (length(vector) = 16)
    ) STRICT;
CREATE INDEX embeddings_of_person ON embeddings (person);
CREATE TABLE templates (
      person INTEGER PRIMARY KEY REFERENCES people (number) ON DELETE CASCADE,
      vector BLOB NOT NULL CHECK (length(vector) = 16)
    ) STRICT;
CREATE TABLE changes (
      position INTEGER PRIMARY KEY,
      compared_row INTEGER NOT NULL
    ) STRICT;
INSERT INTO gallery VALUES (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'directions', 4, '{"kind":"box","scale":1.2}', 'mean', '2026-11-30T06:01:11.573Z', '{"threshold":0.5,"question":{"kind":"pair","odds":1}}');
INSERT INTO people VALUES (1, 'db88b02a-0cb1-47c0-bc5f-80c4b5bf148c', 'Ada', '{"team":"A"}', '2026-11-30T06:01:11.585Z');
INSERT INTO people VALUES (2, '1fdb3bca-9f14-4b89-8203-203252f33349', 'Zoë', '{}', '2026-11-30T06:01:11.591Z');
INSERT INTO embeddings VALUES (1, 'd054ced1-221e-41d8-b5d8-88b0ec1b2f0e', 1, 'ada''s photo.jpg', '2026-11-30T06:01:11.585Z', x'0000003f0000003f0000003f0000003f');
INSERT INTO embeddings VALUES (2, '05e7e2ff-a186-41f7-b9cd-3575c79dd054', 1, NULL, '2026-11-30T06:01:11.585Z', x'0000003f0000003f0000003f000000bf');
INSERT INTO embeddings VALUES (3, 'cf51f8ed-de86-48e3-a234-009b290ec59a', 2, NULL, '2026-11-30T06:01:11.591Z', x'00000000000000000000803f00000000');
INSERT INTO templates VALUES (1, x'3acd133f3acd133f3acd133f00000000');
INSERT INTO templates VALUES (2, x'00000000000000000000803f00000000');
INSERT INTO changes VALUES (1, 1);
INSERT INTO changes VALUES (2, 2);
CREATE TRIGGER prune_changes AFTER INSERT ON changes BEGIN
      DELETE FROM changes WHERE position <= new.position - 10000;
    END;
CREATE TRIGGER log_insert AFTER insert ON templates BEGIN
        INSERT INTO changes (compared_row) VALUES (new.person);
      END;
CREATE TRIGGER log_update AFTER update ON templates BEGIN
        INSERT INTO changes (compared_row) VALUES (new.person);
      END;
CREATE TRIGGER log_delete AFTER delete ON templates BEGIN
        INSERT INTO changes (compared_row) VALUES (old.person);
      END;
PRAGMA application_id = 1869640564;
PRAGMA user_version = 1;
COMMIT;
PRAGMA journal_mode = WAL;
