import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { simdBinary } from './generated/binary.ts';
import { withSharedMemory } from './shared-memory-flag.ts';

const kernels = Uint8Array.from(atob(simdBinary), (character) => character.charCodeAt(0));
const require = createRequire(import.meta.url);
const backend = readFileSync(
  require.resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'),
);

/** Returns a module with one memory: the header, then section 5 with its length, the count and the limits. */
const module = (...limits: number[]) =>
  Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, limits.length + 1, 1, ...limits);

describe('withSharedMemory', () => {
  it('sets and clears one bit of the limits', () => {
    expect(withSharedMemory(module(1, 1, 2), true)).toEqual(module(3, 1, 2));
    expect(withSharedMemory(module(3, 1, 2), false)).toEqual(module(1, 1, 2));
    expect(withSharedMemory(module(1, 1, 2), false)).toEqual(module(1, 1, 2));
  });

  it('makes valid binaries, for an imported memory and for an own one', async () => {
    for (const shared of [true, false]) {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared });
      const imports = { env: { memory } };
      const { instance } = await WebAssembly.instantiate(withSharedMemory(kernels, shared), imports);
      expect(instance.exports).toHaveProperty('runChunk');
    }
    expect(WebAssembly.validate(withSharedMemory(backend, true))).toBe(true);
    expect(withSharedMemory(withSharedMemory(backend, true), false)).toEqual(Uint8Array.from(backend));
  });

  it('does not change its argument', () => {
    const before = module(1, 1, 2);
    withSharedMemory(before, true);
    expect(before).toEqual(module(1, 1, 2));
  });

  it('rejects a binary without memory, or with memory of unlimited size', () => {
    expect(() => withSharedMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), true)).toThrow(/no memory/);
    expect(() => withSharedMemory(module(0, 1), true)).toThrow(/no maximum/);
  });
});
