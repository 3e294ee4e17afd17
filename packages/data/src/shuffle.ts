/** Puts values into random order, in place (Fisher and Yates). */
export function shuffle<Values extends Int32Array | number[]>(values: Values, random: () => number): Values {
  for (let index = values.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1));
    const value = values[index]!;
    values[index] = values[other]!;
    values[other] = value;
  }
  return values;
}
