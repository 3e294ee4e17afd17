import { expect, it } from 'vitest';
import { drawGallery, innerProducts, matchRow } from './gallery-search.ts';

const people = [[0, 1], [2], [3, 4, 5], [6, 7], [8]];

it('enrols people with two images or more, and leaves all others as strangers', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 20; seed++) {
    const { gallery, strangers } = drawGallery(people, 2, seed);
    expect(gallery).toHaveLength(2);
    for (const rows of gallery) expect(rows.length).toBeGreaterThan(1);
    expect([...gallery, ...strangers].flat().sort()).toEqual(people.flat());
    seen.add(JSON.stringify(gallery));
  }
  expect(seen.size).toBeGreaterThan(2);
  expect(drawGallery(people, 9, 0).gallery).toHaveLength(3);
});

it('compares a row with all templates; the first of equal ones is the best', () => {
  const embeddings = { values: Float32Array.of(9, 9, 3, 4), size: 2, labels: Int32Array.of(0, 1) };
  const templates = [Float32Array.of(-1, 0), Float32Array.of(0, 1), Float32Array.of(0, 1)];
  const products = Float64Array.of(-3, 4, 4);
  expect(innerProducts(embeddings, 1, templates)).toEqual(products);
  expect(matchRow(embeddings, 1, templates)).toEqual({ products, best: 1 });
});
