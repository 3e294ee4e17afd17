/**
 * Compares names in natural order: runs of digits by value (`a2` before `a10`), everything else by code units. Unlike
 * `localeCompare`, the order does not depend on the locale, so labels derived from sorted names are the same everywhere.
 */
export function compareNaturally(first: string, second: string): number {
  const firstParts = first.match(/\d+|\D+/g) ?? [];
  const secondParts = second.match(/\d+|\D+/g) ?? [];
  const shared = Math.min(firstParts.length, secondParts.length);
  for (let index = 0; index < shared; index++) {
    const order = compareParts(firstParts[index] as string, secondParts[index] as string);
    if (order !== 0) return order;
  }
  // The names differ only in leading zeros: the plain order decides, so that different names are never equal.
  return firstParts.length - secondParts.length || compareText(first, second);
}

function compareParts(first: string, second: string): number {
  if (!isDigit(first) || !isDigit(second)) return compareText(first, second);
  // As text, because numbers are exact only up to 2^53: without leading zeros, the longer run is larger.
  const firstDigits = first.replace(/^0+/, '');
  const secondDigits = second.replace(/^0+/, '');
  return firstDigits.length - secondDigits.length || compareText(firstDigits, secondDigits);
}

function compareText(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}

function isDigit(part: string): boolean {
  const code = part.charCodeAt(0);
  return code >= 0x30 && code <= 0x39;
}
