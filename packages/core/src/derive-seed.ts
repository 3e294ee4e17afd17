// One seed of a run gives many: of each epoch, image, step and layer. Weights, masks and draws of existing runs depend on
// each formula below, so none of them may change. New code uses `deriveSeed`.

/**
 * Returns a seed for the part of a run that `parts` name, such as epoch and position. Neighbouring seeds and parts give
 * unrelated results.
 * @param parts whole numbers; their order matters
 * @returns an int32
 */
export function deriveSeed(seed: number, ...parts: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const number of [seed, ...parts]) {
    // The upper half too, for seeds beyond 32 bits.
    for (const half of [number | 0, Math.floor(number / 2 ** 32) | 0]) {
      hash = Math.imul(hash ^ half, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
  }
  return hash;
}

/**
 * Returns the seed of a training step: multiples of the golden ratio, so that neighbouring seeds share no step.
 * @param step counted from 0
 */
export function deriveStepSeed(seed: number, step: number): number {
  return seed + Math.imul(0x9e3779b1, step + 1);
}

/**
 * Returns the seed of a layer of a network, for its first weights or its dropout mask.
 * @param index of the layer among those that draw, from 0
 * @returns an int32
 */
export function deriveLayerSeed(seed: number, index: number): number {
  return scramble(scramble(seed | 0) + Math.imul(index + 1, 0x9e3779b9));
}

/** The finalizer of MurmurHash3: spreads every bit over all bits. */
function scramble(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
