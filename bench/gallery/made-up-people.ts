import { randomNumbers } from '@openset/core';

/** Number of values of an embedding. */
export const embeddingSize = 512;

/** Share of the probes that show somebody in the gallery; the others show strangers. */
const knownEvery = 2;

/** Name of a person by their number. */
export const nameOf = (person: number): string => `Person ${String(person).padStart(6, '0')}`;

/** A person with one embedding at unit length. */
export interface MadeUpPerson {
  readonly name: string;
  readonly embedding: Float32Array;
}

/** Returns people by their numbers. */
export function peopleOf(first: number, count: number): MadeUpPerson[] {
  return Array.from({ length: count }, (_, index) => ({
    name: nameOf(first + index),
    embedding: embeddingOf(first + index),
  }));
}

/** Returns the embedding of a person by their number, at unit length. */
export function embeddingOf(person: number): Float32Array {
  return unit(direction(person));
}

/** Returns an image of a person in the gallery, with a cosine of about 0.6 to their embedding, or the embedding of a stranger. */
export function probeOf(probe: number, people: number): Float32Array {
  const noise = direction(2 ** 30 + probe);
  if (probe % knownEvery !== 0) return unit(noise);
  // Multiples of the golden ratio spread over all people.
  const person = embeddingOf(Math.floor(((probe * 0.618034) % 1) * people));
  const length = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0));
  return unit(person.map((value, index) => 0.6 * value + (0.8 * noise[index]!) / length));
}

/** Returns the cosine of two vectors of unit length. */
export function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < embeddingSize; k++) sum += a[k]! * b[k]!;
  return sum;
}

/** Returns about normally distributed values. */
function direction(seed: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: embeddingSize }, () => random() + random() + random() - 1.5);
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
