// Enrolls people in an SQLite gallery until a number of calls is reached, and prints the name of each call when its promise has
// resolved. Parameters: path, name of this writer, number of calls.
import { writeSync } from 'node:fs';
import { openSqliteGallery } from '@openset/gallery-sqlite';

const [path, writer, count] = process.argv.slice(2);
/** Calls at the same time. */
const callsAtOnce = 3;
const embeddingsInCall = 4;

const create = {
  model: { fingerprint: 'a1'.repeat(32), name: 'made-up people' },
  embeddingSize: 64,
  crop: null,
  comparison: 'mean',
};
const gallery = await openSqliteGallery(path, { create, lockTimeout: 30_000 });
let next = 0;
const enrollNext = async () => {
  while (next < Number(count)) {
    const index = next++;
    const call = `${writer}-${index}`;
    // Every second call adds to a person whom all writers enroll.
    const name = index % 2 === 0 ? 'Everybody' : call;
    const embeddings = Array.from({ length: embeddingsInCall }, (_, part) => ({
      values: Float32Array.from({ length: create.embeddingSize }, () => 0.2 + Math.random()),
      source: `${call} ${part}`,
    }));
    await gallery.enroll(name, embeddings);
    writeSync(1, `${call}\n`);
  }
};
await Promise.all(Array.from({ length: callsAtOnce }, enrollNext));
await gallery.close();
