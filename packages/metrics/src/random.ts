import { checkWhole } from './checks.ts';

/** A stream of random numbers, the same on every machine for a seed. */
export interface Random {
  /** Returns a number in `[0, 1)` with 53 random bits. */
  next(): number;
  /** Returns a whole number in `[0, end)`. */
  below(end: number): number;
}

/**
 * Returns a stream of xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021). As its
 * authors advise, a mixing generator fills the state from the seed, so that neighbouring seeds give unrelated streams.
 *
 * @param seed a whole number in `[0, 2^53)`
 * @throws MetricsError for any other seed
 */
export function seededRandom(what: string, seed: number): Random {
  checkWhole(what, seed, 0);
  let mixed = seed >>> 0;
  const fill = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
  const state = new Uint32Array(4);
  state[0] = fill();
  state[1] = fill();
  mixed ^= Math.floor(seed / 2 ** 32);
  state[2] = fill();
  state[3] = fill();
  const next = (): number => ((nextWord(state) >>> 5) * 2 ** 26 + (nextWord(state) >>> 6)) / 2 ** 53;
  // For a large end the product may round up to it; the minimum prevents that.
  return { next, below: (end) => Math.min(Math.floor(next() * end), end - 1) };
}

/** Returns the next 32 bits of xoshiro128** and advances the four words of its state. */
export function nextWord(state: Uint32Array): number {
  const result = Math.imul(rotateLeft(Math.imul(state[1]!, 5), 7), 9) >>> 0;
  const shifted = state[1]! << 9;
  state[2]! ^= state[0]!;
  state[3]! ^= state[1]!;
  state[1]! ^= state[2]!;
  state[0]! ^= state[3]!;
  state[2]! ^= shifted;
  state[3] = rotateLeft(state[3]!, 11);
  return result;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
