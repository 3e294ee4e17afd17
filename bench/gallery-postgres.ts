import { openPostgresGallery, type PostgresGallery } from '@openset/gallery-postgres';
import pg from 'pg';
import { encodeVector } from '../packages/gallery-postgres/src/vector-bytes.ts';
import { nearestRow, type SyntheticPeople, syntheticPeople } from './gallery/face-like-people.ts';
import { embeddingSize } from './gallery/made-up-people.ts';
import { benchFacts } from './gallery/stores.ts';
import { median, type Table } from './measure.ts';
import type { BenchmarkOptions } from './side-by-side.ts';

const probes = 300;
/** Numbers of people that a search asks for: the default, and those of `identify`. */
const limits = [5, 64] as const;
/** An exact search takes long, so it is measured for each 15th probe only. */
const exactEvery = 15;
const rowsPerStatement = 1000;
/** Independent directions of embeddings. */
const kinds = [
  ['like faces', 64],
  ['random', embeddingSize],
] as const;

/**
 * Measures searches of a gallery in PostgreSQL on the server of `OPENSET_POSTGRES_URL`: with an HNSW index, and by comparing all people.
 * Embeddings like faces vary in 64 independent directions, random ones in all 512; probes have cosines of 0.6 to 0.8 with their
 * person. Recall@1 is the share of probes for which the index finds the person whom a comparison with all finds.
 */
export async function galleryPostgres({ size = 100_000, only = '' }: BenchmarkOptions): Promise<Table> {
  const columns = ['people', 'embeddings', 'candidates', 'all compared', 'HNSW', '95 %', 'recall@1', 'index'];
  const address = process.env.OPENSET_POSTGRES_URL;
  const rows: string[][] = [];
  if (!address) {
    console.warn(
      'PostgreSQL is not measured: set OPENSET_POSTGRES_URL to the address of a server with pgvector.',
    );
    return { columns, rows };
  }
  for (const [kind, dimension] of kinds.filter(([name]) => name.includes(only))) {
    const people = syntheticPeople(size, embeddingSize, dimension, 20);
    const name = `bench_${process.pid}_${dimension}`;
    try {
      const results = await measurePeople(address, name, people);
      rows.push(...results.map((cells) => [size.toLocaleString('en'), kind, ...cells]));
    } finally {
      await runSql(address, (client) => client.query(`DROP SCHEMA IF EXISTS ${name} CASCADE`));
    }
  }
  return { columns, rows };
}

async function measurePeople(address: string, name: string, people: SyntheticPeople): Promise<string[][]> {
  const exact = await openPostgresGallery(address, { gallery: name, create: benchFacts });
  try {
    await runSql(address, (client) => loadPeople(client, name, people.vectors));
    await exact.compact();
    const start = performance.now();
    const indexed = await openPostgresGallery(address, { gallery: name, index: 'hnsw' });
    const built = `${((performance.now() - start) / 1000).toFixed(0)} s`;
    try {
      const rows: string[][] = [];
      for (const limit of limits)
        rows.push([...(await measureSearches(exact, indexed, people, limit)), built]);
      return rows;
    } finally {
      await indexed.close();
    }
  } finally {
    await exact.close();
  }
}

/** Searches with the index, then for some of the probes without. */
async function measureSearches(
  exact: PostgresGallery,
  indexed: PostgresGallery,
  people: SyntheticPeople,
  limit: number,
): Promise<string[]> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  let found = 0;
  // Before the searches: the walk would drive the index out of the processor's cache.
  const asked = Array.from({ length: probes }, () => people.makeProbe());
  const nearest = asked.map((probe) => `${nearestRow(people, probe)}`);
  for (const probe of asked.slice(0, 20)) await indexed.search(probe, { limit });
  for (const [round, probe] of asked.entries()) {
    const start = performance.now();
    const [best] = await indexed.search(probe, { limit });
    ours.push(performance.now() - start);
    if (best!.id === nearest[round]) found++;
  }
  for (const [round, probe] of asked.entries()) {
    if (round % exactEvery > 0) continue;
    const exactStart = performance.now();
    await exact.search(probe, { limit });
    theirs.push(performance.now() - exactStart);
  }
  const slow = [...ours].sort((a, b) => a - b)[Math.floor(0.95 * probes)]!;
  const times = [median(theirs), median(ours), slow].map((time) => `${time.toFixed(1)} ms`);
  return [`${limit}`, ...times, (found / probes).toFixed(3)];
}

/** Writes people with one embedding each, many in a statement. */
async function loadPeople(client: pg.Client, gallery: string, vectors: Float32Array): Promise<void> {
  const people = vectors.length / embeddingSize;
  const time = new Date().toISOString();
  await client.query('BEGIN');
  for (let start = 0; start < people; start += rowsPerStatement) {
    const ids = Array.from({ length: Math.min(rowsPerStatement, people - start) }, (_, k) => `${start + k}`);
    await client.query(
      `INSERT INTO ${gallery}.people (id, name, metadata, enrolled_at) SELECT id, 'person ' || id, '{}', $2 FROM unnest($1::text[]) id`,
      [ids, time],
    );
    const rows = ids.map((id, k) => `($1, '${id}', '${id}', $2, $${k + 3}::vector)`);
    await client.query(
      `INSERT INTO ${gallery}.embeddings (model, id, person_id, enrolled_at, embedding) VALUES ${rows.join(', ')}`,
      [
        benchFacts.model.fingerprint,
        time,
        ...ids.map((id) =>
          encodeVector(vectors.subarray(Number(id) * embeddingSize, (Number(id) + 1) * embeddingSize)),
        ),
      ],
    );
  }
  // The mean of one embedding is that embedding.
  await client.query(
    `INSERT INTO ${gallery}.templates SELECT person_id, embedding FROM ${gallery}.embeddings`,
  );
  await client.query(`UPDATE ${gallery}.gallery SET people = $1, embeddings = $1`, [people]);
  await client.query('COMMIT');
}

async function runSql(address: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: address });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
