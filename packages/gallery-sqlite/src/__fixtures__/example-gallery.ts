import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FixedFacts, NewEmbedding } from '@openset/gallery';
import { onTestFinished } from 'vitest';

/** Facts of a gallery of directions in space. */
export const facts: FixedFacts = {
  model: { fingerprint: 'a'.repeat(64), name: 'directions' },
  embeddingSize: 4,
  crop: { kind: 'box', scale: 1.2 },
  comparison: 'mean',
};

/** Folder for galleries of tests. In memory, if the system has such a folder, because creating files on a disk takes most of the time. */
const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Creates an empty folder. */
export function makeFolder(): string {
  return mkdtempSync(join(parent, 'openset-gallery-'));
}

/** Returns a path in an empty folder, which is removed after the test. */
export function temporaryPath(name = 'people.db'): string {
  const folder = makeFolder();
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, name);
}

/** Returns an embedding to enroll. */
export function embedding(...values: number[]): NewEmbedding {
  return { values: Float32Array.from(values) };
}
