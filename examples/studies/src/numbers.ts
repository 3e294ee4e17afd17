/** Returns the arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Formats a share: `97.5 %`. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Formats the mean, with the lowest and the highest value in brackets. */
export function spread(values: readonly number[], text: (value: number) => string): string {
  return `${text(mean(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}
