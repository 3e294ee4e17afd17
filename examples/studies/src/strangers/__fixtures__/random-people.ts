import { randomNumbers } from '@openset/core';

/** Returns embeddings of 16 numbers: two or three images of each person, close to a random direction. */
export function randomPeople(count: number, spread: number) {
  const random = randomNumbers(1);
  const size = 16;
  const labels = Array.from({ length: count }, (_, person) => Array(2 + (person % 2)).fill(person)).flat();
  const centres = Array.from({ length: count * size }, () => random() - 0.5);
  const values = Float32Array.from(
    labels.flatMap((person) =>
      Array.from({ length: size }, (_, k) => centres[person * size + k]! + spread * (random() - 0.5)),
    ),
  );
  return { values, size, labels: Int32Array.from(labels) };
}
