import { describe, expect, it } from 'vitest';
import { PixelCache } from './pixel-cache.ts';

function createCache(limit: number, { records = 10, imageBytes = 4 } = {}) {
  const allocated: number[] = [];
  const allocate = (bytes: number) => {
    allocated.push(bytes);
    return new ArrayBuffer(bytes);
  };
  return { cache: new PixelCache({ records, imageBytes, limit, allocate }), allocated };
}

describe('PixelCache', () => {
  it('returns the pixels of a record once they are complete', () => {
    const { cache } = createCache(40);
    expect(cache.get(7)).toBeNull();
    cache.reserve(7)!.set([1, 2, 3, 4]);
    expect(cache.get(7)).toBeNull();
    // Another batch decodes the same record meanwhile.
    expect(cache.reserve(7)).toBeNull();
    cache.complete(7);
    expect(cache.get(7)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(cache.reserve(7)).toBeNull();
  });

  it('gives each record memory of its own, and keeps within its limit', () => {
    const { cache, allocated } = createCache(15);
    expect(cache.capacity).toBe(3);
    for (const index of [9, 0, 4]) {
      cache.reserve(index)!.fill(index);
      cache.complete(index);
    }
    expect(cache.reserve(5)).toBeNull();
    expect([9, 0, 4].map((index) => [...cache.get(index)!])).toEqual([
      [9, 9, 9, 9],
      [0, 0, 0, 0],
      [4, 4, 4, 4],
    ]);
    expect(cache.bytes).toBe(12);
    expect(allocated).toEqual([12]);
  });

  it('allocates as images come', () => {
    const imageBytes = 6 * 2 ** 20;
    const { cache, allocated } = createCache(5 * imageBytes, { imageBytes });
    expect(cache.bytes).toBe(0);
    for (let index = 0; index < 5; index++) cache.reserve(index);
    // Two images in each block of up to 16 MiB; the last has the rest.
    expect(allocated).toEqual([2 * imageBytes, 2 * imageBytes, imageBytes]);
    expect(cache.bytes).toBe(5 * imageBytes);
  });

  it('gives the memory of a released record to another', () => {
    const { cache } = createCache(4);
    cache.reserve(3);
    cache.release(3);
    expect(cache.get(3)).toBeNull();
    cache.reserve(6)!.fill(6);
    cache.complete(6);
    expect(cache.reserve(3)).toBeNull();
    expect(cache.get(6)).toEqual(Uint8Array.of(6, 6, 6, 6));
  });

  it('keeps no image larger than its limit', () => {
    const { cache, allocated } = createCache(3);
    expect(cache.capacity).toBe(0);
    expect(cache.reserve(0)).toBeNull();
    expect(allocated).toEqual([]);
  });
});
