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
INSERT INTO gallery VALUES (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'directions', 4, '{"kind":"box","scale":1.2}', 'best', '2026-11-30T06:01:14.093Z', '{"threshold":0.5,"question":{"kind":"pair","odds":1}}');
INSERT INTO people VALUES (1, '7ad8108a-7e45-4144-b56c-ccb5d690f26e', 'Ada', '{"team":"A"}', '2026-11-30T06:01:14.110Z');
INSERT INTO people VALUES (2, '9179b708-ded9-4b7e-96f1-948da616fa26', 'Zoë', '{}', '2026-11-30T06:01:14.111Z');
INSERT INTO embeddings VALUES (1, '77665cd5-246a-4608-ba5b-a5b54fc12749', 1, 'ada''s photo.jpg', '2026-11-30T06:01:14.110Z', x'0000003f0000003f0000003f0000003f');
INSERT INTO embeddings VALUES (2, 'e199a0b1-83c5-44de-bc94-9b9a80ce0beb', 1, NULL, '2026-11-30T06:01:14.110Z', x'0000003f0000003f0000003f000000bf');
INSERT INTO embeddings VALUES (3, '3d6a4c16-553e-4ad5-9b3a-d3b57d85dc38', 2, NULL, '2026-11-30T06:01:14.111Z', x'00000000000000000000803f00000000');
INSERT INTO changes VALUES (1, 1);
INSERT INTO changes VALUES (2, 2);
INSERT INTO changes VALUES (3, 3);
CREATE TRIGGER prune_changes AFTER INSERT ON changes BEGIN
      DELETE FROM changes WHERE position <= new.position - 10000;
    END;
CREATE TRIGGER log_insert AFTER insert ON embeddings BEGIN
        INSERT INTO changes (compared_row) VALUES (new.number);
      END;
CREATE TRIGGER log_update AFTER update ON embeddings BEGIN
        INSERT INTO changes (compared_row) VALUES (new.number);
      END;
CREATE TRIGGER log_delete AFTER delete ON embeddings BEGIN
        INSERT INTO changes (compared_row) VALUES (old.number);
      END;
PRAGMA application_id = 1869640564;
PRAGMA user_version = 1;
COMMIT;
PRAGMA journal_mode = WAL;
