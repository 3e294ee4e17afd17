/** Returns a cosine with two digits; a minus sign, not a hyphen. */
export function cosineText(cosine: number): string {
  return (Math.abs(cosine) < 0.005 ? 0 : cosine).toFixed(2).replace('-', '−');
}

/** Returns a share in percent with one digit, which no line break separates from the sign. */
export function percentText(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

/** Returns a probability in percent; one that rounds to 0 or 1 is over or under the last digit. */
export function probabilityText(probability: number): string {
  if (probability > 0.999) return 'over 99.9\u00a0%';
  if (probability < 0.001) return 'under 0.1\u00a0%';
  return percentText(probability);
}

/** Returns names in words: `0, 1 and 2`; a run of digits as `0–6`. */
export function namesText(names: readonly string[]): string {
  const first = Number(names[0]);
  if (names.length > 2 && names.every((name, index) => name === String(first + index))) {
    return `${names[0]}–${names.at(-1)}`;
  }
  if (names.length > 6) return `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** Returns a number of things: `1 image`, `2,000 images`, `3 people`. */
export function countText(count: number, thing: string, things = `${thing}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? thing : things}`;
}
