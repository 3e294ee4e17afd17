/** Bits of the largest finite bfloat16 value, without the sign. */
const largest = 0x7f7f;

/**
 * Rounds values to bfloat16, which has the exponents of float32 and 8 significant bits, to nearest even. What was rounded off is added the next
 * time ("error feedback", Karimireddy et al. 2019, arXiv 1901.09847), so that sums over many steps lose nothing. Finite values stay finite.
 * @param values replaced by the rounded ones
 * @param errors of the same length: what the last call rounded off; replaced by what this one does
 */
export function roundWithErrors(values: Float32Array, errors: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let index = 0; index < values.length; index++) {
    const exact = values[index]! + errors[index]!;
    values[index] = exact;
    const word = round(bits[index]!);
    const overflows = (word & 0x7fff) === 0x7f80 && Number.isFinite(exact);
    bits[index] = (overflows ? (word & 0x8000) | largest : word) << 16;
    const error = Math.fround(exact - values[index]!);
    // An infinite value or NaN ends a run, but must not stay in the errors of the next one.
    errors[index] = Number.isFinite(error) ? error : 0;
  }
}

/** Returns the upper 16 bits of the nearest bfloat16 value, which may be infinite. */
function round(bits: number): number {
  const upper = bits >>> 16;
  const magnitude = upper & 0x7fff;
  // Infinite, or NaN, of which a bit stays that the rounding would remove.
  if (magnitude >= 0x7f80) return (bits & 0x7fffff) === 0 ? upper : upper | 0x40;
  return (bits + 0x7fff + (upper & 1)) >>> 16;
}

/** Writes the upper 16 bits of each value; the lower ones are 0 after `roundWithErrors`. */
export function packWords(values: Float32Array, words: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let index = 0; index < bits.length; index++) words[index] = bits[index]! >>> 16;
}

/** Adds bfloat16 values to float32 ones. */
export function addWords(words: Uint16Array, sums: Float32Array): void {
  const bits = new Uint32Array(1);
  const value = new Float32Array(bits.buffer);
  for (let index = 0; index < sums.length; index++) {
    bits[0] = words[index]! << 16;
    sums[index]! += value[0]!;
  }
}

/** Writes bfloat16 values as float32. */
export function unpackWords(words: Uint16Array, values: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let index = 0; index < bits.length; index++) bits[index] = words[index]! << 16;
}
