import { randomNumbers } from '@openset/core';

/** Default maximum number of pairs: enough for a rate of 3e-5 by the rule of 30. */
const maximumPairs = 1_000_000;

/**
 * Returns pairs of images of different people: all pairs, or a million drawn with replacement.
 * @param maximum number of pairs above which they are drawn
 * @returns `[pairs, 2]` row-major: indices of images
 */
export function differentPairs(labels: Int32Array, maximum = maximumPairs): Uint32Array {
  const size = labels.length;
  if ((size * (size - 1)) / 2 <= maximum) {
    const all: number[] = [];
    for (let first = 0; first < size; first++) {
      for (let second = first + 1; second < size; second++) {
        if (labels[first] !== labels[second]) all.push(first, second);
      }
    }
    return Uint32Array.from(all);
  }
  const random = randomNumbers(0);
  const pairs = new Uint32Array(2 * maximum);
  for (let pair = 0; pair < maximum; ) {
    const [first, second] = [Math.floor(random() * size), Math.floor(random() * size)];
    if (labels[first] === labels[second]) continue;
    pairs.set([first, second], 2 * pair);
    pair += 1;
  }
  return pairs;
}
