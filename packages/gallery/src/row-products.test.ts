import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { randomNumbers } from '@openset/core';
import { describe, expect, it, vi } from 'vitest';
import { createRowProducts } from './create-row-products.ts';
import { PlainProducts, productsAtOnce, type RowProducts } from './row-products.ts';
import { WasmProducts } from './wasm-products.ts';

const kinds: [string, (size: number) => RowProducts][] = [
  ['plain JavaScript', (size) => new PlainProducts(size)],
  ['WebAssembly', (size) => new WasmProducts(size)],
];

describe.each(kinds)('products in %s', (_, create) => {
  it('are sums of products', () => {
    const products = create(3);
    products.reserve(2);
    products.write(0, Int8Array.of(1, -2, 3));
    products.write(1, Int8Array.of(-127, 127, 0));
    products.setProbe(Int16Array.of(10, 20, -32767));
    expect([...products.multiply(0, 2).slice(0, 2)]).toEqual([-98331, 1270]);
    expect(products.multiply(1, 1)[0]).toBe(1270);
    products.write(0, null);
    expect([...products.multiply(0, 2).slice(0, 2)]).toEqual([0, 1270]);
  });

  it.each([1, 2, 15, 16, 17, 31, 33, 512])('agree with a loop for rows of %i numbers', (size) => {
    const random = randomNumbers(size);
    const whole = (most: number) => Math.round((2 * random() - 1) * most);
    const rows = Array.from({ length: 150 }, () => Int8Array.from({ length: size }, () => whole(127)));
    const products = create(size);
    // Room is made while rows are there.
    for (const [place, row] of rows.entries()) {
      products.reserve(place + 1);
      products.write(place, row);
    }
    for (let round = 0; round < 3; round++) {
      const probe = Int16Array.from({ length: size }, () => whole(32_767));
      products.setProbe(probe);
      const expected = rows.map((row) => row.reduce((sum, value, k) => sum + value * probe[k]!, 0));
      for (const [first, count] of [
        [0, 150],
        [1, 149],
        [3, 5],
        [7, 4],
        [149, 1],
      ] as const) {
        const found = [...products.multiply(first, count).slice(0, count)];
        expect(found).toEqual(expected.slice(first, first + count));
      }
    }
  });

  it('reach the ends of int32', () => {
    const size = 512;
    const products = create(size);
    products.reserve(2);
    products.write(0, new Int8Array(size).fill(127));
    products.write(1, new Int8Array(size).fill(-127));
    products.setProbe(new Int16Array(size).fill(32_767));
    expect([...products.multiply(0, 2).slice(0, 2)]).toEqual([2_130_641_408, -2_130_641_408]);
  });

  it('keep as many rows as one call multiplies, and more', () => {
    const products = create(20);
    products.reserve(productsAtOnce + 5);
    const one = new Int8Array(20);
    for (let row = 0; row < productsAtOnce + 5; row++) products.write(row, one.fill(row % 100));
    products.setProbe(new Int16Array(20).fill(1));
    expect([...products.multiply(0, productsAtOnce)]).toEqual(
      Array.from({ length: productsAtOnce }, (_, row) => 20 * (row % 100)),
    );
    expect([...products.multiply(productsAtOnce, 5).slice(0, 5)]).toEqual([480, 500, 520, 540, 560]);
  });
});

describe('the choice of products', () => {
  it('takes WebAssembly, and plain JavaScript where it is missing', () => {
    expect(createRowProducts(4)).toBeInstanceOf(WasmProducts);
    vi.stubGlobal('WebAssembly', undefined);
    try {
      expect(createRowProducts(4)).toBeInstanceOf(PlainProducts);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('reports that there is no memory', () => {
    for (const [, create] of kinds) expect(() => create(2 ** 20).reserve(2 ** 30)).toThrow(RangeError);
  });
});

it('is compiled from the present source', () => {
  const source = readFileSync(new URL('../assembly/row-products.ts', import.meta.url));
  const binary = readFileSync(new URL('./row-products-binary.ts', import.meta.url), 'utf8');
  const hash = createHash('sha256').update(source).digest('hex');
  // Otherwise run: node packages/gallery/build-products.mjs
  expect(binary.split('\n')[0]).toBe(`// Source: ${hash}`);
});
