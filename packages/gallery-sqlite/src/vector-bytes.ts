/** Returns the values of a vector as SQLite stores them: float32, little-endian, as all platforms of Node have them in memory. */
export function vectorBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** Returns a stored vector. It shares the memory of the bytes if these are aligned. */
export function vectorOf(bytes: Uint8Array): Float32Array {
  const { BYTES_PER_ELEMENT } = Float32Array;
  const aligned = bytes.byteOffset % BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes);
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / BYTES_PER_ELEMENT);
}
