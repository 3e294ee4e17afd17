import type { FixedFacts } from '@openset/gallery';
import pg from 'pg';
import { startPgliteServer } from './pglite-server.ts';

/** A server on which the tests run. */
export interface TestServer {
  /** Address of a database without galleries of others. */
  readonly url: string;
  /** Ends all sessions. */
  breakConnections(): Promise<void>;
  stop(): Promise<void>;
}

/** Address of a real server, whose user may create roles and databases; undefined if there is none. */
export const realUrl = process.env.OPENSET_POSTGRES_URL;
/** The servers by name: PGlite, which needs no installation, and that of `OPENSET_POSTGRES_URL`. */
export const testServers: readonly (readonly [string, () => Promise<TestServer>])[] = [
  [
    'PGlite',
    async () => {
      const server = await startPgliteServer();
      return { ...server, breakConnections: async () => server.breakConnections() };
    },
  ],
  ...(realUrl ? [['OPENSET_POSTGRES_URL', async () => realServer(realUrl)] as const] : []),
];
if (realUrl === undefined)
  console.log('OPENSET_POSTGRES_URL is not set: tests of galleries in PostgreSQL run on PGlite only.');

function realServer(url: string): TestServer {
  return {
    url,
    breakConnections: () =>
      runSql(
        url,
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'openset'`,
      ),
    stop: async () => {},
  };
}

/** Runs SQL on a connection of its own. */
export async function runSql(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Facts of galleries in tests. */
export const testFacts: FixedFacts = {
  model: { fingerprint: 'c3'.repeat(32), name: 'test model' },
  embeddingSize: 3,
  crop: null,
  comparison: 'mean',
};

let places = 0;
/** Returns a name for a gallery that no other test has. */
export function newGalleryName(): string {
  return `test_${process.pid}_${places++}`;
}

/** Removes galleries with the names of this process. */
export async function removeGalleries(url: string): Promise<void> {
  await runSql(
    url,
    `DO $$ DECLARE name text; BEGIN
       FOR name IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'test\\_${process.pid}\\_%' LOOP
         EXECUTE format('DROP SCHEMA %I CASCADE', name);
       END LOOP; END $$`,
  );
}
