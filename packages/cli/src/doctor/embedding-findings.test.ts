import { randomNumbers } from '@openset/core';
import { unitRows } from '@openset/metrics';
import { describe, expect, it } from 'vitest';
import { plainSource } from '../__fixtures__/plain-source.ts';
import { ContentHashes } from '../images/content-hashes.ts';
import type { Embeddings } from '../model/embeddings.ts';
import { findByEmbedding } from './embedding-findings.ts';

const size = 32;

/** Returns embeddings: a direction for each identity, and noise. The labels may differ from the identities. */
function embed(identities: readonly number[], noise = 0.1, indices = [...identities.keys()]): Embeddings {
  const random = randomNumbers(7);
  const directions = Array.from({ length: 50 }, () => Array.from({ length: size }, () => random() - 0.5));
  const rows = identities.flatMap((identity) =>
    directions[identity]!.map((value) => value + noise * (random() - 0.5)),
  );
  const values = unitRows(rows, size);
  return {
    values,
    size,
    indices: Int32Array.from(indices),
    skipped: [],
    row: (index) => values.subarray(index * size, (index + 1) * size),
  };
}

/** Four images of each of some identities. */
const identities = Array.from({ length: 40 }, (_, index) => Math.floor(index / 4));

function find(embeddings: Embeddings, labels: readonly number[], hashes = new ContentHashes(labels.length)) {
  const found = findByEmbedding(embeddings, plainSource(labels), hashes, 0.5);
  return Object.fromEntries(found.map(({ kind, items }) => [kind, items.map(({ people }) => people)]));
}

describe('findByEmbedding', () => {
  it('finds nothing in a set with right labels', () => {
    expect(find(embed(identities), identities)).toEqual({});
  });

  it('finds one person under two names', () => {
    const labels = identities.map((identity, index) => (identity === 3 && index % 2 === 1 ? 10 : identity));
    expect(find(embed(identities, 0.5), labels)).toEqual({ similarPeople: [['class 3', 'class 10']] });
  });

  it('finds an image of another person', () => {
    const labels = identities.map((identity, index) => (index === 9 ? 7 : identity));
    expect(find(embed(identities, 0.5), labels)).toEqual({ unlikePerson: [['class 7', 'class 2']] });
  });

  it('finds copies under two people, and not under one', () => {
    const embeddings = embed([0, 0, 1, 1, 2, 2], 0.5);
    embeddings.values.set(embeddings.row(0), 2 * size);
    embeddings.values.set(embeddings.row(4), 5 * size);
    expect(find(embeddings, [0, 0, 1, 1, 2, 2]).similarImage).toEqual([['class 0', 'class 1']]);
    const hashes = new ContentHashes(6);
    for (const image of [0, 2]) hashes.add(image, Uint8Array.of(1));
    expect(find(embeddings, [0, 0, 1, 1, 2, 2], hashes).similarImage).toBeUndefined();
  });

  it('takes the labels of the images that were embedded', () => {
    const labels = [9, ...identities.slice(0, 8), 9];
    const embeddings = embed(identities.slice(0, 8), 0.1, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(find(embeddings, labels)).toEqual({});
  });

  it.each([
    [[0], [0]],
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
  ])('has nothing to say about %j', (few, labels) => {
    expect(find(embed(few), labels)).toEqual({});
  });

  it('takes embeddings that cancel each other out', () => {
    const embeddings = embed([0, 0, 1, 1]);
    embeddings.values.set(
      embeddings.row(0).map((value) => -value),
      size,
    );
    expect(find(embeddings, [0, 0, 1, 1])).toEqual({});
  });
});
