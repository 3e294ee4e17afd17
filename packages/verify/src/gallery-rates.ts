import type { GalleryRate } from '@openset/metrics';

/**
 * Returns what is wrong with a value that should be the rates of a gallery of so many people; null if nothing is.
 * @param people for the message
 */
export function galleryRatesProblem(people: number, value: unknown): string | null {
  const what = `The rates of false alarms in a gallery of ${people} people`;
  if (!Array.isArray(value)) return `${what} must be a list, but are ${String(value)}.`;
  let before = { falseAlarms: 1, threshold: -1 };
  for (const rate of value as Partial<GalleryRate>[]) {
    const { falseAlarms, threshold, missed } = rate ?? {};
    if (!(isNumber(falseAlarms) && falseAlarms > 0 && falseAlarms < before.falseAlarms)) {
      return `${what} must descend from below 1 to above 0, but have ${String(falseAlarms)} after ${before.falseAlarms}.`;
    }
    if (!(isNumber(threshold) && threshold >= before.threshold && threshold <= 1)) {
      return `${what} need thresholds that do not fall, from -1 to 1, but have ${String(threshold)} after ${before.threshold}.`;
    }
    if (!(isNumber(missed) && missed >= 0 && missed <= 1)) {
      return `${what} need shares of missed people from 0 to 1, but have ${String(missed)}.`;
    }
    before = { falseAlarms, threshold };
  }
  return null;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
