import { DataError } from '@openset/core';

/** Number of bytes before the values of a quantised row: its scale and its error, float32 little-endian. */
const headerBytes = 8;

/** A vector with one byte for each value, as `quantiseRow` packs it. */
export interface QuantisedRow {
  /** `[size]`, from -127 to 127. */
  readonly values: Int8Array;
  /** The unit vector is about `scale · values`. */
  readonly scale: number;
  /** Upper limit of the length of `unit vector − scale · values`. */
  readonly error: number;
}

/** A vector scaled to whole numbers. */
export interface WholeNumbers {
  /** `[size]`, from -levels to levels. */
  readonly values: Int16Array;
  readonly scale: number;
  /** Length of `scale · values`. */
  readonly length: number;
  /** Length of `unit vector − scale · values`. */
  readonly error: number;
}

/**
 * Returns a vector with one byte for each value, packed: scale (float32), error (float32), values (int8). Stores keep these bytes, so that an
 * index is filled without reading float32 values.
 * @param vector `[size]`, finite, not all zeros; need not have unit length
 */
export function quantiseRow(vector: Float32Array): Uint8Array {
  const { values, scale, error } = toWholeNumbers(vector, 127);
  const bytes = new Uint8Array(headerBytes + values.length);
  const header = new DataView(bytes.buffer);
  header.setFloat32(0, scale, true);
  // Rounding to float32 changes a number by 2⁻²⁴ of it at most, so this is never below the error.
  header.setFloat32(4, error * (1 + 2 ** -22), true);
  new Int8Array(bytes.buffer, headerBytes).set(values);
  return bytes;
}

/**
 * Reads what `quantiseRow` packed.
 * @returns `values` share the memory of `bytes`
 * @throws DataError if the bytes are damaged
 */
export function readQuantisedRow(bytes: Uint8Array, size: number): QuantisedRow {
  if (bytes.length !== headerBytes + size) {
    throw new DataError(
      `A quantised row has ${bytes.length} bytes, but one of ${size} numbers has ${headerBytes + size}.`,
    );
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const [scale, error] = [header.getFloat32(0, true), header.getFloat32(4, true)];
  if (!(scale > 0 && scale <= 1 && error >= 0 && error <= 2)) {
    throw new DataError(`A quantised row has scale ${scale} and error ${error}: it is damaged.`);
  }
  return { values: new Int8Array(bytes.buffer, bytes.byteOffset + headerBytes, size), scale, error };
}

/**
 * Returns a vector's direction as whole numbers with a float32 scale. Plain loops, because a store quantises all its vectors when it opens.
 * @param levels largest whole number, at most 32,767
 */
export function toWholeNumbers(vector: Float32Array, levels: number): WholeNumbers {
  const size = vector.length;
  let [squaresOfVector, largestOfVector] = [0, 0];
  for (let k = 0; k < size; k++) {
    squaresOfVector += vector[k]! * vector[k]!;
    largestOfVector = Math.max(largestOfVector, Math.abs(vector[k]!));
  }
  const norm = Math.sqrt(squaresOfVector);
  const steps = (levels * norm) / largestOfVector;
  const unit = new Float64Array(size);
  const values = new Int16Array(size);
  let [dot, squares] = [0, 0];
  for (let k = 0; k < size; k++) {
    const value = vector[k]! / norm;
    // Math.round would take several times as long.
    const whole = Math.floor(value * steps + 0.5);
    unit[k] = value;
    values[k] = whole;
    dot += value * whole;
    squares += whole * whole;
  }
  // The scale with the smallest error for these whole numbers.
  const scale = Math.fround(dot / squares);
  let errors = 0;
  for (let k = 0; k < size; k++) {
    const difference = unit[k]! - scale * values[k]!;
    errors += difference * difference;
  }
  return { values, scale, length: scale * Math.sqrt(squares), error: Math.sqrt(errors) };
}
