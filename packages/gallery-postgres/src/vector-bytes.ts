/** Bytes before the values: the number of values and an unused number, 16 bits each. */
const headerSize = 4;

/**
 * Returns an embedding in pgvector's binary format, which keeps every bit: float32 in network order.
 * @param values at most 16,000
 */
export function encodeVector(values: Float32Array): Buffer {
  const bytes = Buffer.alloc(headerSize + 4 * values.length);
  bytes.writeUInt16BE(values.length, 0);
  for (let k = 0; k < values.length; k++) bytes.writeFloatBE(values[k]!, headerSize + 4 * k);
  return bytes;
}

/** Returns the embedding that pgvector's function `vector_send` wrote. */
export function decodeVector(bytes: Buffer): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: view.getUint16(0) }, (_, k) => view.getFloat32(headerSize + 4 * k));
}

/** Returns an embedding as a literal of SQL. It holds only digits, signs, dots and commas. */
export function vectorLiteral(values: Float32Array): string {
  // The shortest text of a float64 is exact for the float32 that it holds.
  return `'[${values.join(',')}]'`;
}
